import Contract
import DatabaseSpec
import Declarations
import JSONBytes
import JSONPatch
import KubernetesAPI

/// `/mutate`, a Pod that is being created: the sidecar goes in.
func injectPod(_ subject: Subject, _ settings: AdmissionSettings) throws(JSONError) -> Decision {
  let reading = DeclarationReading(subject)
  guard let slices = subject.pod else { return .unchanged }
  let pod = try PodContainers(slices.spec, of: subject.review.bytes)
  if subject.object.isInjected, pod.hasSidecar {
    let fault = try InjectedSidecar.fault(
      in: slices, customer: subject.customer, field: "", of: subject.review.bytes)
    let causes = reading.causes + [fault].compactMap(\.self)
    return causes.isEmpty ? .unchanged : .denied(causes)
  }
  if pod.usesHostNetwork {
    return reading.isSound
      ? .allowed(patch: nil, warnings: [PodContainers.hostNetworkWarning]) : .denied(reading.causes)
  }
  var causes =
    reading.causes + pod.nameClashes(field: "") + (try scriptChecks(subject, reading, replacing: [])?.causes ?? [])
  let choice = PostgresChoice(pod.containers, named: subject.object.setting(AnnotationKey.container), field: "")
  causes += choice.causes
  guard let postgres = choice.container, let declaration = reading.podSettings else { return .denied(causes) }
  let admin = try AdminAccess(
    postgres, at: choice.index, customer: subject.customer, adminSecret: declaration.adminSecret)
  causes += admin.causes
  guard causes.isEmpty else { return .denied(causes) }
  let injection = Injection(
    customer: subject.customer, port: declaration.port ?? postgres.port, gatesReadiness: declaration.gateReadiness,
    pod: pod, postgres: postgres, index: choice.index, admin: admin, settings: settings)
  return .allowed(
    patch: injection.patch(hasAnnotations: subject.object.hasAnnotations).bytes, warnings: admin.warnings)
}

/// `/mutate`, a workload: its Pods must carry the label, so that they are met here as well. It is refused for all that
/// `/validate` would refuse it for, which is not asked any more then.
func labelTemplate(_ subject: Subject, _ settings: AdmissionSettings) throws(JSONError) -> Decision {
  if case .denied(let causes) = try validate(subject, settings) { return .denied(causes) }
  guard let template = subject.template, subject.pod != nil, template.customer == nil else { return .unchanged }
  let metadata = JSONPointer("spec", "template", "metadata")
  var patch = PatchWriter()
  if template.hasLabels {
    patch.add(metadata.appending("labels").appending(AnnotationKey.customerLabel)) { $0.string(subject.customer) }
  } else if template.exists {
    patch.add(metadata.appending("labels")) { $0.object { $0.member(AnnotationKey.customerLabel, subject.customer) } }
  } else {
    patch.add(metadata) { writer in
      writer.object { writer in
        writer.key("labels")
        writer.object { $0.member(AnnotationKey.customerLabel, subject.customer) }
      }
    }
  }
  return .allowed(patch: patch.bytes, warnings: [])
}

/// `/validate`: all that is wrong, or what the change will take away.
func validate(_ subject: Subject, _ settings: AdmissionSettings) throws(JSONError) -> Decision {
  guard !subject.isUnchanged else { return .unchanged }
  let reading = DeclarationReading(subject)
  var (causes, warnings) = try findings(subject, reading)
  let rivals = RivalDeclarations(subject, settings)
  causes += rivals.causes
  warnings += rivals.warnings
  if !reading.expiries.isEmpty, let now = settings.now?() {
    warnings += reading.expiries.filter { $0.time.microseconds / 1_000_000 <= now }.map(\.warning.message)
  }
  let old = reading.content == nil && reading.scripts.isEmpty ? nil : subject.oldDeclaration
  if let checks = try scriptChecks(subject, reading, replacing: old?.scripts ?? []) {
    causes += checks.causes
    warnings += checks.warnings
  }
  if let new = reading.content, let old = old?.declaration { warnings += Removals(from: old, to: new).warnings }
  guard causes.isEmpty else { return .denied(causes) }
  if let oldObject = subject.oldObject, !subject.isMadeOfTemplate {
    warnings += Departure(from: oldObject, subject.oldTemplate, to: subject.object, subject.template).warnings
  }
  if subject.role == .workload, try subject.pod?.spec.usesHostNetwork(subject.review.bytes) == true {
    warnings.append(PodContainers.hostNetworkWarning)
  }
  return .allowed(patch: nil, warnings: warnings, declared: reading.content?.spec)
}

/// What is wrong with the scripts, where there are any, and whoever applied this object has declared them.
private func scriptChecks(
  _ subject: Subject, _ reading: DeclarationReading, replacing old: [DeclaredScript]
) throws(JSONError) -> ScriptChecks? {
  guard !reading.scripts.isEmpty, !subject.isMadeOfTemplate else { return nil }
  return ScriptChecks(
    reading.scripts, replacing: old, field: reading.contentField,
    serverVersion: try postgres(of: subject)?.postgresVersion)
}

/// The container that is Postgres, where that can be told.
private func postgres(of subject: Subject) throws(JSONError) -> Container? {
  guard let slices = subject.pod else { return nil }
  let pod = try PodContainers(slices.spec, of: subject.review.bytes)
  let named = (subject.template ?? subject.object).setting(AnnotationKey.container)
  return PostgresChoice(pod.containers, named: named, field: subject.podField).container
}

/// What is wrong with a subject's declarations or doubtful, and of a workload also what is so with its Pods: whoever
/// applies it sees no answer about those.
private func findings(
  _ subject: Subject, _ reading: DeclarationReading
) throws(JSONError) -> (causes: [StatusCause], warnings: [String]) {
  var (causes, warnings) = (reading.causes, reading.warnings)
  guard let slices = subject.pod, let template = subject.template else { return (causes, warnings) }
  let pod = try PodContainers(slices.spec, of: subject.review.bytes)
  guard !pod.usesHostNetwork else { return (causes, warnings) }
  if template.isInjected, pod.hasSidecar {
    let fault = try InjectedSidecar.fault(
      in: slices, customer: template.customer ?? subject.customer, field: subject.podField, of: subject.review.bytes)
    return (causes + [fault].compactMap(\.self), warnings)
  }
  let choice = PostgresChoice(
    pod.containers, named: template.setting(AnnotationKey.container), field: subject.podField)
  let misplaced = MisplacedSettings(subject, choice, podPort: reading.podSettings?.port ?? choice.container?.port)
  causes += pod.nameClashes(field: subject.podField) + misplaced.causes
  if !misplaced.keys.contains(AnnotationKey.container) { causes += choice.causes }
  if let postgres = choice.container, let settings = reading.podSettings {
    let admin = try AdminAccess(
      postgres, at: choice.index, prefix: subject.podField, customer: subject.customer,
      adminSecret: settings.adminSecret)
    causes += admin.causes
    warnings += admin.warnings
  }
  return (causes, warnings)
}

extension DeclarationReading {
  /// Whether nothing is wrong.
  fileprivate var isSound: Bool { causes.isEmpty }
}
