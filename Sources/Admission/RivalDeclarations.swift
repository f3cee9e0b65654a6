import Contract
import Declarations
import KubernetesAPI

/// Whatever else declares for a subject's customer in its namespace (design §2): nothing is changed as long as two do.
struct RivalDeclarations {
  private(set) var causes: [StatusCause] = []
  private(set) var warnings: [String] = []

  /// What begins to declare is refused. What did so before is warned of: its user may be about to mend it.
  init(_ subject: Subject, _ settings: AdmissionSettings) {
    let isDeclaring = subject.object.declares || subject.template?.declares == true
    // What makes a Pod declares for it.
    guard isDeclaring, !subject.isMadeOfTemplate else { return }
    let review = subject.review
    let own = DeclaringObject(kind: review.kind.kind, name: review.name)
    let others = settings.declaring(review.namespace, subject.customer).filter { $0 != own }.map(\.text).sorted()
    guard let first = others.first else { return }
    let names = others.count == 1 ? first : "\(first) and \(others.count - 1) more"
    let old = [subject.oldObject, subject.oldTemplate].compactMap(\.self)
    if old.contains(where: \.declares), !old.contains(where: \.isLeftAlone),
      old.lazy.compactMap(\.customer).first == subject.customer
    {
      warnings.append("\(names) too declares for \"\(subject.customer)\": nothing is changed until only one does")
      return
    }
    let field = subject.object.customer == nil ? subject.podField : ""
    causes.append(
      StatusCause(
        .valueDuplicate, field: "\(field)metadata.labels[\(AnnotationKey.customerLabel)]",
        message: "\(names) in this namespace declares for customer \"\(subject.customer)\" already; declare all there, "
          + "or take its declarations away first, or give this one another customer; where it was deleted just now, "
          + "apply again"))
  }
}
