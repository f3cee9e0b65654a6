import Declarations
import JSONBytes
import KubernetesAPI

/// A request about a customer's Postgres.
struct Subject {
  let review: AdmissionReview
  private(set) var object: CustomerObject
  /// The metadata of the object that an update replaces.
  let oldObject: ObjectMetadata?
  let oldTemplate: ObjectMetadata?

  /// Nil where Postern has nothing to do, because the object is not a customer's Postgres.
  init?(_ review: AdmissionReview) throws(JSONError) {
    guard let slices = review.object,
      let object = try CustomerObject(slices, review.kind, namespace: review.namespace, of: review.bytes)
    else { return nil }
    self.review = review
    self.object = object
    let old = review.operation == .update ? review.oldObject : nil
    oldObject = if let old { try ObjectMetadata(old.pod.metadata, of: review.bytes) } else { nil }
    oldTemplate =
      if let old, object.role == .workload { try ObjectMetadata(old.template?.metadata, of: review.bytes) } else { nil }
  }

  /// The same with the workload's own label in its template.
  func restamped() throws(JSONError) -> Self {
    var subject = self
    subject.object = try object.restamped()
    return subject
  }

  /// Whether this is an update that leaves all of Postern's labels and annotations unchanged. Such an update is never
  /// refused, even under newer rules, because controllers must be able to do their work.
  var isUnchanged: Bool {
    guard let oldObject, oldObject.saysTheSame(as: object.metadata) else { return false }
    switch (object.template, oldTemplate) {
    case (let template?, let oldTemplate?): return oldTemplate.saysTheSame(as: template)
    case (nil, nil): return true
    default: return false
    }
  }

  /// The object that an update replaces, if it was a customer's Postgres.
  func replaced() throws(JSONError) -> CustomerObject? {
    guard review.operation == .update, let slices = review.oldObject else { return nil }
    return try CustomerObject(slices, review.kind, namespace: review.namespace, of: review.bytes)
  }

  /// Whether an update may change a workload's Pods, how many they are, or how they are replaced.
  var changesPods: Bool {
    guard let old = review.oldObject, let before = old.template, let now = object.pod else { return false }
    func isSame(_ before: Range<Int>?, _ now: Range<Int>?) -> Bool {
      review.bytes[before ?? 0..<0] == review.bytes[now ?? 0..<0]
    }
    return !isSame(before.range, now.range) || !isSame(old.pod.spec.strategy?.range, object.spec.strategy?.range)
      || !isSame(old.pod.spec.replicas?.range, object.spec.replicas?.range)
  }

  /// Whether the customer's label comes to it now.
  var isNew: Bool { (oldObject?.customer ?? oldTemplate?.customer) == nil }

  /// The errors that count only if an update does not leave the setting as it was.
  func newRestrictions(_ reading: DeclarationReading) throws(JSONError) -> [StatusCause] {
    guard !reading.restrictions.isEmpty, !object.isMadeOfTemplate else { return [] }
    guard let old = try replaced() else { return reading.restrictions }
    let before = Set(DeclarationReading(old).restrictions.map(\.reasonAlone))
    return reading.restrictions.filter { !before.contains($0.reasonAlone) }
  }

  /// The declaration that an update replaces; nil where there is no update, or the old object belonged to another
  /// customer.
  var oldDeclaration: DeclarationResult? {
    guard let oldObject, object.customer == oldObject.customer ?? oldTemplate?.customer else { return nil }
    let place = oldTemplate.flatMap { $0.declares && !oldObject.declares ? $0 : nil } ?? oldObject
    return Declaration.parse(customer: object.customer, annotations: place.annotations)
  }
}

extension StatusCause {
  /// The reason without the line and column, which a change elsewhere can move.
  fileprivate var reasonAlone: Substring {
    let isPlaced = message.hasPrefix("line ")
    return isPlaced ? message.split(separator: ": ", maxSplits: 1).last ?? "" : message[...]
  }
}

extension AdmissionReview {
  /// Whether an object that Postern looks at is created or updated: not DELETE or CONNECT, no subresource, no other
  /// kind, and not an object that is being deleted.
  var mayConcernPostern: Bool {
    guard subResource == nil, operation == .create || operation == .update, let object,
      CustomerObject.concerns(object, namespace: namespace)
    else { return false }
    return kind == .secret || CustomerObject.Role(kind) != nil
  }
}
