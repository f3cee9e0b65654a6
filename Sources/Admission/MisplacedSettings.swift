import Contract
import Declarations
import KubernetesAPI

/// Annotations on a workload that shape its Pods, which a Pod's own review, knowing the Pod alone, would not see.
struct MisplacedSettings {
  /// Those that would come out otherwise in the Pod.
  private(set) var keys: [String] = []
  private(set) var causes: [StatusCause] = []

  init(_ subject: Subject, _ choice: PostgresChoice, podPort: Int?) {
    for (key, effective) in [
      (AnnotationKey.container, choice.container?.name),
      (AnnotationKey.port, podPort.map { String($0) }),
      (AnnotationKey.adminSecret, subject.template?.setting(AnnotationKey.adminSecret)),
      (AnnotationKey.gateReadiness, subject.template?.setting(AnnotationKey.gateReadiness) ?? "true"),
    ] {
      guard let value = subject.object.setting(key), value != effective else { continue }
      keys.append(key)
      causes.append(
        StatusCause(
          field: "metadata.annotations[\(key)]",
          message: "this one shapes the Pod, which does not have its \(subject.review.kind.kind)'s annotations; set it "
            + "in spec.template.metadata.annotations"))
    }
  }
}
