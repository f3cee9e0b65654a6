import Contract
import Declarations
import KubernetesAPI

/// Annotations on a workload that concern its Pods. A Pod's own review does not see them, because it contains only the
/// Pod.
struct MisplacedSettings {
  /// The annotations that would have another effect in the Pod.
  private(set) var keys: [String] = []
  private(set) var findings = Findings()

  init(_ object: CustomerObject, _ choice: PostgresChoice, _ reading: DeclarationReading) {
    // An annotation that cannot be read is an error wherever it is.
    for (key, effective) in [
      (AnnotationKey.container, choice.postgres?.container.name),
      (AnnotationKey.port, reading.podPort(choice.postgres).map { String($0) }),
      (AnnotationKey.adminSecret, object.template?.setting(AnnotationKey.adminSecret)),
      (AnnotationKey.flavor, object.template?.setting(AnnotationKey.flavor) ?? choice.postgres?.family.rawValue),
      (AnnotationKey.gateReadiness, object.template?.setting(AnnotationKey.gateReadiness) ?? "true"),
      (AnnotationKey.statusPort, object.template?.setting(AnnotationKey.statusPort)),
      (AnnotationKey.sidecarCPU, object.template?.setting(AnnotationKey.sidecarCPU)),
      (AnnotationKey.sidecarMemory, object.template?.setting(AnnotationKey.sidecarMemory)),
    ] {
      guard let value = object.metadata.setting(key), value != effective, !reading.isWrong(key) else { continue }
      keys.append(key)
      findings.refuse(
        "metadata.annotations[\(key)]",
        "this one shapes the Pod, which does not have its \(object.kind)'s annotations; set it in "
          + "spec.template.metadata.annotations")
    }
  }
}
