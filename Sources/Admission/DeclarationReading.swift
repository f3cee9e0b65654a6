import Contract
import Declarations
import KubernetesAPI

/// What a subject's annotations declare, and all that is wrong with them.
struct DeclarationReading {
  /// What shapes Pods: read where the Pod will have it. Nil where something is wrong.
  let podSettings: Declaration?
  /// What the instance holds. Nil where something is wrong.
  let content: Declaration?
  /// The scripts that could be read, also where something is wrong.
  let scripts: [DeclaredScript]
  /// What the fields of the object that says so begin with.
  let contentField: String
  /// Until when users may log in.
  private(set) var expiries: [DeclaredExpiry] = []
  private(set) var causes: [StatusCause] = []
  private(set) var warnings: [String] = []

  init(_ subject: Subject) {
    let object = Declaration.parse(customer: subject.customer, annotations: subject.object.annotations)
    guard let metadata = subject.template else {
      podSettings = object.declaration
      content = object.declaration
      scripts = object.scripts
      contentField = ""
      add(object, prefix: "", hasLabel: true)
      return
    }
    let template = Declaration.parse(
      customer: metadata.customer ?? subject.customer, annotations: metadata.annotations)
    podSettings = template.declaration
    let isTemplates = metadata.declares && !subject.object.declares
    let declaring = isTemplates ? template : object
    content = declaring.declaration
    scripts = declaring.scripts
    contentField = isTemplates ? subject.podField : ""
    add(object, prefix: "", hasLabel: subject.object.customer != nil)
    add(template, prefix: subject.podField, hasLabel: subject.object.customer == nil)
    addConflicts(subject.object, metadata, kind: subject.review.kind.kind)
  }

  private mutating func add(_ result: DeclarationResult, prefix: String, hasLabel: Bool) {
    for problem in result.errors where hasLabel || problem.annotation != AnnotationKey.customerLabel {
      causes.append(StatusCause(field: prefix + problem.field, message: problem.withoutPlace))
    }
    warnings += result.warnings.map(\.message)
    expiries += result.expiries
  }

  /// One customer, declared in one place.
  private mutating func addConflicts(_ object: ObjectMetadata, _ template: ObjectMetadata, kind: String) {
    if let customer = object.customer, let other = template.customer, customer != other {
      causes.append(
        StatusCause(
          field: "spec.template.metadata.labels[\(AnnotationKey.customerLabel)]",
          message: "is \"\(other)\", but the \(kind) itself is labelled \"\(customer)\"; give both the same, or leave "
            + "it out here"))
    }
    guard object.declares, template.declares else { return }
    for key in AnnotationKey.declaring where template.annotations[key] != nil {
      causes.append(
        StatusCause(
          .valueForbidden, field: "spec.template.metadata.annotations[\(key)]",
          message: "the \(kind)'s own annotations declare too; keep all declarations there, where a change is live "
            + "and rolls no Pod"))
    }
  }
}

extension DeclarationProblem {
  /// `line 3, column 11: …; …`: the field of a cause says the rest.
  var withoutPlace: String {
    let place =
      switch (line, column) {
      case (let line?, let column?): "line \(line), column \(column): "
      case (let line?, nil): "line \(line): "
      case (nil, _): ""
      }
    return place + reason + (hint.map { "; \($0)" } ?? "")
  }
}
