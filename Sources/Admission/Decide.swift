import Contract
import DatabaseSpec
import Declarations
import JSONBytes
import JSONPatch
import KubernetesAPI

/// `/mutate` for a Pod that is being created: adds the sidecar. A refusal contains everything that `/validate` would
/// report, because the API server does not call `/validate` after a refusal.
func injectPod(_ subject: Subject, _ settings: AdmissionSettings) throws(JSONError) -> Decision {
  let decision = try injection(subject.object, settings)
  guard case .denied(var causes, var warnings) = decision else { return decision }
  var said = Set(causes.map { [$0.field, $0.message] })
  switch try validate(subject, settings) {
  case .denied(let others, let more):
    causes += others.filter { said.insert([$0.field, $0.message]).inserted }
    warnings += more.filter { !warnings.contains($0) }
  case .allowed(_, let more, _): warnings += more.filter { !warnings.contains($0) }
  case .unreadable: break
  }
  return .denied(causes, warnings: warnings)
}

private func injection(_ object: CustomerObject, _ settings: AdmissionSettings) throws(JSONError) -> Decision {
  guard let slices = object.pod else { return .unchanged }
  let reading = DeclarationReading(object)
  let pod = try PodReading(slices, object)
  // `/validate` reports the warnings about declarations.
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
    if !object.isMadeOfTemplate {
      findings.causes += pod.restrictions + declaredSuperuser(object, reading, pod)
      findings.warnings += try pod.imageWarnings()
    }
    findings.causes += scriptFindings(object, reading, pod.choice.postgres, replacing: []).causes
    guard findings.isSound, let settingsOfPod = reading.podSettings,
      let injection = Injection(pod, object, settingsOfPod, settings)
    else { return .denied(findings.causes, warnings: findings.warnings) }
    return .allowed(
      patch: injection.patch(hasAnnotations: object.metadata.hasAnnotations).finished(), warnings: findings.warnings)
  }
}

/// `/mutate`, a workload: its Pods must carry the label, so that they are met here as well; what was put there for a label
/// that the workload has no more is changed or taken along. It is refused for all that
/// `/validate` would refuse it for, which is not asked any more then.
func labelTemplate(_ subject: Subject, _ settings: AdmissionSettings) throws(JSONError) -> Decision {
  let label = JSONPointer("spec", "template", "metadata", "labels").appending(AnnotationKey.customerLabel)
  if try LabelStamp(subject).isStale {
    var patch = PatchWriter()
    if let customer = subject.object.metadata.customer {
      if case .denied(let causes, let warnings) = try validate(subject.restamped(), settings) {
        return .denied(causes, warnings: warnings)
      }
      patch.replace(label) { $0.string(customer) }
    } else {
      patch.remove(label)
    }
    return .allowed(patch: patch.finished(), warnings: [])
  }
  if case .denied(let causes, let warnings) = try validate(subject, settings) {
    return .denied(causes, warnings: warnings)
  }
  let object = subject.object
  guard let template = object.template, let slices = object.pod, template.customer == nil else { return .unchanged }
  // For Pods that are left alone, the label would only cause a needless rollout.
  if case .leftAlone = try PodReading(slices, object) { return .unchanged }
  let metadata = JSONPointer("spec", "template", "metadata")
  var patch = PatchWriter()
  if template.hasLabels {
    patch.add(label) { $0.string(object.customer) }
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
  return .allowed(patch: patch.finished(), warnings: [])
}

/// `/validate`: all errors, or else warnings about what the change will remove.
func validate(_ subject: Subject, _ settings: AdmissionSettings) throws(JSONError) -> Decision {
  // Such an update is never refused.
  guard !subject.isUnchanged else {
    return .allowed(patch: nil, warnings: (try? ChangedTemplate(subject).warnings) ?? [])
  }
  let object = subject.object
  let reading = DeclarationReading(object)
  let pod = try podToLookAt(object, reading)
  var findings = reading.findings
  findings.causes += try subject.newRestrictions(reading)
  if let spec = reading.spec { findings += InstanceSize.findings(spec, reading.contentField) }
  if let pod { findings += try workloadFindings(object, reading, pod) }
  if let version = pod?.choice?.postgres?.version { findings.warnings += newerRoles(reading, than: version) }
  findings += RivalDeclarations(subject, settings).findings
  if case .injectable(let pod)? = pod, let postgres = pod.choice.postgres {
    findings += try ReplacedPods(object, postgres, isNew: subject.isNew).findings
  }
  if case .leftAlone? = pod {
  } else {
    findings += ServiceChecks(subject, reading, pod?.choice?.postgres, settings).findings
  }
  if !reading.expiries.isEmpty, let now = settings.now?() {
    findings.warnings += reading.expiries.filter { $0.time.microseconds / 1_000_000 <= now }.map(\.warning.message)
  }
  let old = subject.oldDeclaration
  findings += scriptFindings(object, reading, pod?.choice?.postgres, replacing: old?.scripts ?? [])
  if let old = old?.declaration {
    findings.warnings += Removals(from: old, to: reading.declared).warnings
  }
  if let oldObject = subject.oldObject, !object.isMadeOfTemplate {
    findings.warnings += Departure(from: oldObject, subject.oldTemplate, to: object.metadata, object.template).warnings
  }
  if object.role == .workload, case .leftAlone(let why)? = pod { findings.warn(why) }
  return Decision(findings, declared: reading.content?.spec)
}

/// The Pod, if it must be checked: a workload's always; a Pod's only for what its scripts may do.
private func podToLookAt(_ object: CustomerObject, _ reading: DeclarationReading) throws(JSONError) -> PodReading? {
  guard let slices = object.pod,
    object.role == .workload || hasScriptsToCheck(object, reading)
      || !object.isMadeOfTemplate && !newerRoles(reading, than: 0).isEmpty
  else { return nil }
  return try PodReading(slices, object)
}

/// Warnings of predefined roles that a server of this major version does not have, and that users are to be members of.
private func newerRoles(_ reading: DeclarationReading, than server: Int) -> [String] {
  (reading.spec?.users ?? []).flatMap { user in
    user.memberOf.compactMap { role in
      guard let version = PredefinedRole.versions[role.text], version > server else { return nil }
      return
        "user \(quoted(user.name.text)): \(quoted(role.text)) needs Postgres \(version), and the image is of \(server)"
    }
  }
}

/// Whether there are scripts, and this object was sent with them and not made from a template.
private func hasScriptsToCheck(_ object: CustomerObject, _ reading: DeclarationReading) -> Bool {
  !reading.scripts.isEmpty && !object.isMadeOfTemplate
}

/// Errors and warnings about the scripts.
private func scriptFindings(
  _ object: CustomerObject, _ reading: DeclarationReading, _ postgres: ChosenPostgres?, replacing old: [DeclaredScript]
) -> Findings {
  guard hasScriptsToCheck(object, reading) else { return Findings() }
  return ScriptChecks(
    reading.scripts, replacing: old, field: reading.contentField, spec: reading.spec, serverVersion: postgres?.version
  ).findings
}

/// Findings about a workload's Pods. Whoever applies the workload does not see the answers about its Pods.
private func workloadFindings(
  _ object: CustomerObject, _ reading: DeclarationReading, _ pod: PodReading
) throws(JSONError) -> Findings {
  guard object.role == .workload else { return Findings() }
  switch pod {
  case .leftAlone: return Findings()
  case .injected(let pod): return Findings(causes: [pod.fault].compactMap(\.self))
  case .injectable(let pod):
    let misplaced = MisplacedSettings(object, pod.choice, reading)
    var findings = pod.findings
    findings += misplaced.findings
    if !misplaced.keys.contains(AnnotationKey.container) { findings += pod.choice.findings }
    findings.causes += pod.restrictions + declaredSuperuser(object, reading, pod)
    findings.warnings += try pod.imageWarnings()
    return findings
  }
}
