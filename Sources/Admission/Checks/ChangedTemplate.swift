import JSONBytes
import KubernetesAPI

/// An update of a workload that leaves Postern's labels and annotations as they were: what its new Pods will suffer, and those of the
/// old template did not.
struct ChangedTemplate {
  private(set) var warnings: [String] = []

  init(_ subject: Subject) throws(JSONError) {
    guard subject.object.role == .workload, subject.changesPods, let old = try subject.replaced() else { return }
    let replicas = (before: Replicas(old).count, now: Replicas(subject.object).count)
    let before = Set((try? Self.warnings(old, tellsReplicas: false)) ?? [])
    warnings = try Self.warnings(subject.object, tellsReplicas: replicas.now > max(replicas.before, 1)).filter {
      !before.contains($0)
    }
  }

  /// What the Pods of a template will suffer. They are refused for less than their workload is when it is new.
  private static func warnings(_ object: CustomerObject, tellsReplicas: Bool) throws(JSONError) -> [String] {
    guard let slices = object.pod else { return [] }
    func refusals(_ causes: [StatusCause]) -> [String] {
      causes.map { "its Pods will be refused: \($0.messageWithAnnotation)" }
    }
    func withoutSidecar(_ reason: Substring) -> [String] { ["its Pods come without the sidecar: \(reason)"] }
    let reading = try PodReading(slices, object)
    var warnings: [String] = []
    switch reading {
    case .leftAlone(let why): return withoutSidecar(why.split(separator: ": ", maxSplits: 1).last ?? "")
    case .injected(let pod): warnings += refusals([pod.fault].compactMap(\.self))
    case .injectable(let pod):
      // The workload's own annotations are not the Pod's.
      if let absence = pod.choice.absence, object.template?.annotations.isEmpty != false, !pod.containers.hasSidecar {
        return withoutSidecar(absence[...])
      }
      warnings += refusals(pod.findings.causes + pod.choice.findings.causes)
      warnings += (pod.restrictions + declaredSuperuser(object, DeclarationReading(object), pod)).map(
        \.messageWithAnnotation)
      warnings += pod.findings.warnings + pod.choice.findings.warnings
      warnings += try pod.imageWarnings()
    }
    if let postgres = reading.choice?.postgres {
      warnings += try ReplacedPods(object, postgres, isNew: false, tellsReplicas: tellsReplicas).findings.warnings
    }
    return warnings
  }
}

extension StatusCause {
  /// The message, behind the annotation that is wrong: a warning shows no field.
  fileprivate var messageWithAnnotation: String {
    let parts = field.split(separator: "metadata.annotations[", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let key = parts[1].split(separator: "]").first else { return message }
    return "\(key): \(message)"
  }
}
