import Contract
import DatabaseSpec
import Declarations
import KubernetesAPI

/// What an object's annotations declare, and all errors in them.
struct DeclarationReading {
  /// What the object's own annotations declare.
  private let own: DeclarationResult
  /// The settings of the Pod, read from where the Pod will have them.
  private let pod: DeclarationResult
  /// What the instance holds.
  let declared: DeclarationResult
  /// The prefix of the fields of the metadata that declares: empty, or the template's.
  let contentField: String
  /// Until when users may log in.
  private(set) var expiries: [DeclaredExpiry] = []
  private(set) var findings = Findings()
  /// Settings that are refused unless they were declared before.
  private(set) var restrictions: [StatusCause] = []

  init(_ object: CustomerObject) {
    let own = Declaration.parse(customer: object.customer, annotations: object.metadata.annotations)
    self.own = own
    guard let metadata = object.template else {
      pod = own
      declared = own
      contentField = ""
      add(own, prefix: "", hasLabel: true)
      return
    }
    let template = Declaration.parse(customer: metadata.customer ?? object.customer, annotations: metadata.annotations)
    pod = template
    let isTemplates = metadata.declares && !object.metadata.declares
    declared = isTemplates ? template : own
    contentField = isTemplates ? object.podField : ""
    add(own, prefix: "", hasLabel: object.metadata.customer != nil)
    add(template, prefix: object.podField, hasLabel: object.metadata.customer == nil)
    addConflicts(object.metadata, metadata, kind: object.kind)
  }

  /// The settings of the Pod. Nil where there are errors.
  var podSettings: Declaration? { pod.declaration }
  /// What the instance holds. Nil where there are errors.
  var content: Declaration? { declared.declaration }
  /// The scripts that could be read, even if there are errors.
  var scripts: [DeclaredScript] { declared.scripts }
  /// The part of the instance's spec that could be read.
  var spec: InstanceSpec? { declared.readable?.spec }

  /// The port that the Pods' annotations set, else that of their Postgres.
  func podPort(_ postgres: ChosenPostgres?) -> Int? {
    pod.readable?.port ?? postgres?.port
  }

  /// Whether a one-word annotation of the object or of its Pods cannot be read.
  func isWrong(_ key: String) -> Bool {
    own.outline?.isWrong(key) == true || pod.outline?.isWrong(key) == true
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
