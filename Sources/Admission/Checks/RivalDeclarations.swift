import Contract
import Declarations
import KubernetesAPI

/// Other objects that declare for the same customer in the same namespace (design §2). As long as there are two, the
/// controller changes nothing.
struct RivalDeclarations {
  private(set) var findings = Findings()

  /// An object that begins to declare is refused. One that declared before only gets a warning, because its user may be
  /// about to correct the conflict.
  init(_ subject: Subject, _ settings: AdmissionSettings) {
    let object = subject.object
    // A Pod's declarations are those of its workload.
    guard object.declares, !object.isMadeOfTemplate else { return }
    let review = subject.review
    let own = DeclaringObject(kind: review.kind.kind, name: review.name)
    let others = settings.declaring(review.namespace, object.customer).filter { $0 != own }.map(\.text).sorted()
    guard let first = others.first else { return }
    let names = others.count == 1 ? first : "\(first) and \(others.count - 1) more"
    let old = [subject.oldObject, subject.oldTemplate].compactMap(\.self)
    if old.contains(where: \.declares), !old.contains(where: \.isLeftAlone),
      old.lazy.compactMap(\.customer).first == object.customer
    {
      findings.warn("\(names) too declares for \(quoted(object.customer)): nothing is changed until only one does")
      return
    }
    let field = object.metadata.customer == nil ? object.podField : ""
    findings.refuse(
      "\(field)metadata.labels[\(AnnotationKey.customerLabel)]",
      "\(names) in this namespace declares for customer \(quoted(object.customer)) already; declare all there, or set "
        + "\(AnnotationKey.inject): \"false\" on it first, or give this one another customer; where it was deleted just now, apply again",
      .valueDuplicate)
  }
}
