import JSONBytes
import TextEncoding

extension AdmissionReview {
  /// The decision about a review.
  package enum Verdict: Equatable, Sendable {
    /// `patch` is a JSON Patch, or nil where nothing changes.
    case allowed(patch: [UInt8]?)
    case denied(Status)
  }

  /// The whole answer to this review, with the request's uid and version. The API server puts the webhook's name and a
  /// slash before each key of `auditAnnotations`.
  package func response(
    _ verdict: Verdict, warnings: [String], auditAnnotations: [(key: String, value: String)]
  ) -> [UInt8] {
    var writer = JSONWriter(capacity: 4096)
    writer.part(#"{"kind":"AdmissionReview","apiVersion":"#)
    writer.string(Self.apiVersion)
    writer.part(#","response":{"uid":"#)
    writer.string(uid)
    switch verdict {
    case .allowed(let patch):
      writer.member("allowed", true)
      if let patch {
        writer.part(#","patchType":"JSONPatch","patch":"#)
        writer.string { Base64.append(patch, to: &$0) }
      }
    case .denied(let status):
      writer.member("allowed", false)
      writer.key("status")
      status.write(to: &writer)
    }
    if !auditAnnotations.isEmpty {
      writer.key("auditAnnotations")
      writer.beginObject()
      for (key, value) in auditAnnotations { writer.member(key, value) }
      writer.endObject()
    }
    if !warnings.isEmpty {
      writer.key("warnings")
      writer.beginArray()
      for warning in warnings { writer.string(warning) }
      writer.endArray()
    }
    writer.endObject()
    writer.endObject()
    return writer.bytes
  }
}
