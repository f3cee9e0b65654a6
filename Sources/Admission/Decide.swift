import Contract
import DatabaseSpec
import Declarations
import JSONBytes
import JSONPatch
import KubernetesAPI

/// `/mutate`, a Pod that is being created: the sidecar goes in.
func injectPod(_ object: CustomerObject, _ settings: AdmissionSettings) throws(JSONError) -> Decision {
  guard let slices = object.pod else { return .unchanged }
  let reading = DeclarationReading(object)
  let pod = try PodReading(slices, object.metadata, customer: object.customer, field: "", of: object.bytes)
  // Doubts about declarations are `/validate`'s to say.
  var findings = Findings(causes: reading.findings.causes)
  if !object.isMadeOfTemplate { findings.causes += reading.restrictions }
  switch pod {
  case .leftAlone(let why):
    findings.warn(why)
    return Decision(findings)
  case .injected(let pod):
    findings.causes += [pod.fault].compactMap(\.self)
    return Decision(findings)
  case .injectable(let pod):
    findings += pod.findings
    findings += pod.choice.findings
    findings.causes += scriptFindings(object, reading, pod.choice.container, replacing: []).causes
    guard findings.isSound, let settingsOfPod = reading.podSettings,
      let injection = Injection(pod, of: object.customer, settingsOfPod, settings)
    else { return .denied(findings.causes) }
    return .allowed(
      patch: injection.patch(hasAnnotations: object.metadata.hasAnnotations).bytes, warnings: findings.warnings)
  }
}

/// `/mutate`, a workload: its Pods must carry the label, so that they are met here as well. It is refused for all that
/// `/validate` would refuse it for, which is not asked any more then.
func labelTemplate(_ subject: Subject, _ settings: AdmissionSettings) throws(JSONError) -> Decision {
  if case .denied(let causes) = try validate(subject, settings) { return .denied(causes) }
  let object = subject.object
  guard let template = object.template, object.pod != nil, template.customer == nil else { return .unchanged }
  let metadata = JSONPointer("spec", "template", "metadata")
  var patch = PatchWriter()
  if template.hasLabels {
    patch.add(metadata.appending("labels").appending(AnnotationKey.customerLabel)) { $0.string(object.customer) }
  } else if template.exists {
    patch.add(metadata.appending("labels")) { $0.object { $0.member(AnnotationKey.customerLabel, object.customer) } }
  } else {
    patch.add(metadata) { writer in
      writer.object { writer in
        writer.key("labels")
        writer.object { $0.member(AnnotationKey.customerLabel, object.customer) }
      }
    }
  }
  return .allowed(patch: patch.bytes, warnings: [])
}

/// `/validate`: all that is wrong, or what the change will take away.
func validate(_ subject: Subject, _ settings: AdmissionSettings) throws(JSONError) -> Decision {
  guard !subject.isUnchanged else { return .unchanged }
  let object = subject.object
  let reading = DeclarationReading(object)
  let pod = try podToLookAt(object, reading)
  var findings = reading.findings
  findings.causes += try subject.newRestrictions(reading)
  if let spec = reading.content?.spec { findings += InstanceSize(spec).findings(reading.contentField) }
  if let pod { findings += workloadFindings(object, reading, pod) }
  findings += RivalDeclarations(subject, settings).findings
  if !reading.expiries.isEmpty, let now = settings.now?() {
    findings.warnings += reading.expiries.filter { $0.time.microseconds / 1_000_000 <= now }.map(\.warning.message)
  }
  let old = reading.content == nil && reading.scripts.isEmpty ? nil : subject.oldDeclaration
  findings += scriptFindings(object, reading, pod?.choice?.container, replacing: old?.scripts ?? [])
  if let new = reading.content, let old = old?.declaration {
    findings.warnings += Removals(from: old, to: new).warnings
  }
  if let oldObject = subject.oldObject, !object.isMadeOfTemplate {
    findings.warnings += Departure(from: oldObject, subject.oldTemplate, to: object.metadata, object.template).warnings
  }
  if object.role == .workload, case .leftAlone(let why)? = pod { findings.warn(why) }
  return Decision(findings, declared: reading.content?.spec)
}

/// The Pod, where something is to be said of it: of a workload always, of a Pod only what its scripts may do.
private func podToLookAt(_ object: CustomerObject, _ reading: DeclarationReading) throws(JSONError) -> PodReading? {
  guard let slices = object.pod, object.role == .workload || hasScriptsToCheck(object, reading) else { return nil }
  let metadata = object.podMetadata
  return try PodReading(
    slices, metadata, customer: metadata.customer ?? object.customer, field: object.podField, of: object.bytes)
}

/// Whether there are scripts, and whoever sent this object has declared them.
private func hasScriptsToCheck(_ object: CustomerObject, _ reading: DeclarationReading) -> Bool {
  !reading.scripts.isEmpty && !object.isMadeOfTemplate
}

/// What is wrong with the scripts, or doubtful.
private func scriptFindings(
  _ object: CustomerObject, _ reading: DeclarationReading, _ postgres: Container?, replacing old: [DeclaredScript]
) -> Findings {
  guard hasScriptsToCheck(object, reading) else { return Findings() }
  return ScriptChecks(
    reading.scripts, replacing: old, field: reading.contentField, serverVersion: postgres?.postgresVersion
  ).findings
}

/// What is so with a workload's Pods: whoever applies it sees no answer about those.
private func workloadFindings(_ object: CustomerObject, _ reading: DeclarationReading, _ pod: PodReading) -> Findings {
  guard object.role == .workload else { return Findings() }
  switch pod {
  case .leftAlone: return Findings()
  case .injected(let pod): return Findings(causes: [pod.fault].compactMap(\.self))
  case .injectable(let pod):
    let port = reading.podSettings?.port ?? pod.choice.container?.port
    let misplaced = MisplacedSettings(object, pod.choice, podPort: port)
    var findings = pod.findings
    findings += misplaced.findings
    if !misplaced.keys.contains(AnnotationKey.container) { findings += pod.choice.findings }
    return findings
  }
}
