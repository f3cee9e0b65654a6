import JSONBytes
import KubernetesAPI

/// Annotations that are more than Kubernetes stores. A mutating webhook is asked before the API server has looked: what
/// is refused here is refused there as well, and nothing of it is read.
enum AnnotationSize {
  /// The bytes of all keys and values of an object's annotations (Kubernetes, `TotalAnnotationSizeLimitB`).
  static let maximumBytes = 262_144

  /// What is too large of an object, its template, and what it replaces.
  static func findings(_ review: AdmissionReview) throws(JSONError) -> Findings {
    var findings = Findings()
    for (slices, prefix) in [
      (review.object?.pod, ""), (review.object?.template, "spec.template."),
      (review.oldObject?.pod, "oldObject."), (review.oldObject?.template, "oldObject.spec.template."),
    ] {
      guard let annotations = slices?.metadata?.annotations else { continue }
      let bytes = try size(of: annotations, in: review.bytes)
      guard bytes > maximumBytes else { continue }
      findings.refuse(
        "\(prefix)metadata.annotations",
        "these are \(bytes) bytes, and Kubernetes takes \(maximumBytes); put scripts into a ConfigMap or a Secret")
    }
    return findings
  }

  /// The text of JSON is never longer than the JSON: nearly always, its length is answer enough.
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
