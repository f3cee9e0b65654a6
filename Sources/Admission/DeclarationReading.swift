import Contract
import Declarations
import KubernetesAPI

/// What an object's annotations declare, and all that is wrong with them.
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
  private(set) var findings = Findings()
  /// Settings that are refused unless they were declared before.
  private(set) var restrictions: [StatusCause] = []

  init(_ object: CustomerObject) {
    let own = Declaration.parse(customer: object.customer, annotations: object.metadata.annotations)
    guard let metadata = object.template else {
      podSettings = own.declaration
      content = own.declaration
      scripts = own.scripts
      contentField = ""
      add(own, prefix: "", hasLabel: true)
      return
    }
    let template = Declaration.parse(customer: metadata.customer ?? object.customer, annotations: metadata.annotations)
    podSettings = template.declaration
    let isTemplates = metadata.declares && !object.metadata.declares
    let declaring = isTemplates ? template : own
    content = declaring.declaration
    scripts = declaring.scripts
    contentField = isTemplates ? object.podField : ""
    add(own, prefix: "", hasLabel: object.metadata.customer != nil)
    add(template, prefix: object.podField, hasLabel: object.metadata.customer == nil)
    addConflicts(object.metadata, metadata, kind: object.kind)
  }

  private mutating func add(_ result: DeclarationResult, prefix: String, hasLabel: Bool) {
    for problem in result.errors where hasLabel || problem.annotation != AnnotationKey.customerLabel {
      findings.refuse(prefix + problem.field, problem.withoutPlace)
    }
    for problem in result.restrictions where hasLabel || problem.annotation != AnnotationKey.customerLabel {
      restrictions.append(StatusCause(field: prefix + problem.field, message: problem.withoutPlace))
    }
    findings.warnings += result.warnings.map(\.message)
    expiries += result.expiries
  }

  /// Refuses two customers, and declarations in two places.
  private mutating func addConflicts(_ object: ObjectMetadata, _ template: ObjectMetadata, kind: String) {
    if let customer = object.customer, let other = template.customer, customer != other {
      findings.refuse(
        "spec.template.metadata.labels[\(AnnotationKey.customerLabel)]",
        "is \(quoted(other)), but the \(kind) itself is labelled \(quoted(customer)); give both the same, or leave it out here"
      )
    }
    guard object.declares, template.declares else { return }
    for key in AnnotationKey.declaring where template.annotations[key] != nil {
      findings.refuse(
        "spec.template.metadata.annotations[\(key)]",
        "the \(kind)'s own annotations declare too; keep all declarations there, where a change is live and rolls no Pod",
        .valueForbidden)
    }
  }
}

extension DeclarationProblem {
  /// The message without its annotation and path, such as `line 3, column 11: …; …`. The cause's field contains the
  /// rest.
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
