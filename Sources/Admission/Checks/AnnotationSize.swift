import JSONBytes
import KubernetesAPI

/// Checks that annotations are not larger than Kubernetes stores. The API server calls a mutating webhook before it
/// checks this itself. So what is refused here would be refused there as well, and none of it is parsed.
enum AnnotationSize {
  /// The bytes of all keys and values of an object's annotations (Kubernetes, `TotalAnnotationSizeLimitB`).
  static let maximumBytes = 262_144

  /// Checks an object, its template, and the object that it replaces.
  static func findings(_ review: AdmissionReview) throws(JSONError) -> Findings {
    var findings = Findings()
    func check(_ annotations: JSONSlice?, _ prefix: String) throws(JSONError) {
      guard let annotations else { return }
      let bytes = try size(of: annotations, in: review.bytes)
      guard bytes > maximumBytes else { return }
      findings.refuse(
        "\(prefix)metadata.annotations",
        "these are \(bytes) bytes, and Kubernetes takes \(maximumBytes); put scripts into a ConfigMap or a Secret")
    }
    try check(review.object?.pod.metadata?.annotations, "")
    try check(review.object?.template?.metadata?.annotations, "spec.template.")
    try check(review.oldObject?.pod.metadata?.annotations, "oldObject.")
    try check(review.oldObject?.template?.metadata?.annotations, "oldObject.spec.template.")
    return findings
  }

  /// A text is never longer than its JSON, so the JSON's length is nearly always enough to decide.
  private static func size(of slice: JSONSlice, in bytes: [UInt8]) throws(JSONError) -> Int {
    guard slice.range.count > maximumBytes else { return slice.range.count }
    var reader = JSONReader(slice, of: bytes)
    var size = 0
    try reader.beginObject()
    while let key = try reader.nextKey() {
      size += reader.utf8Count(of: key)
      if let value = try reader.optionalString() { size += reader.utf8Count(of: value) }
    }
    return size
  }
}
