import Contract
import Declarations

/// Annotations on a workload that concern its Pods. A Pod's own review does not see them, because it contains only the
/// Pod.
struct MisplacedSettings {
  /// The annotations that would have another effect in the Pod.
  private(set) var keys: [String] = []
  private(set) var findings = Findings()

  /// What shapes a Pod.
  private static let shaping = [
    AnnotationKey.container, AnnotationKey.port, AnnotationKey.adminSecret, AnnotationKey.flavor,
    AnnotationKey.gateReadiness, AnnotationKey.statusPort, AnnotationKey.sidecarCPU, AnnotationKey.sidecarMemory,
  ]

  init(_ object: CustomerObject, _ choice: PostgresChoice, _ reading: DeclarationReading) {
    guard object.metadata.hasSettings else { return }
    for key in Self.shaping {
      // An annotation that cannot be read is an error wherever it is.
      guard let value = object.metadata.setting(key), !reading.isWrong(key) else { continue }
      let effective =
        switch key {
        case AnnotationKey.container: choice.postgres?.container.name
        case AnnotationKey.port: reading.podPort(choice.postgres).map { String($0) }
        case AnnotationKey.flavor: object.template?.setting(key) ?? choice.postgres?.family.rawValue
        case AnnotationKey.gateReadiness: object.template?.setting(key) ?? "true"
        default: object.template?.setting(key)
        }
      guard value != effective else { continue }
      keys.append(key)
      findings.refuse(
        "metadata.annotations[\(key)]",
        "this one shapes the Pod, which does not have its \(object.kind)'s annotations; set it in "
          + "spec.template.metadata.annotations")
    }
  }
}
