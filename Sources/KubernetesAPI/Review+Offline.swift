package import JSONBytes

/// A review as the API server would send it, for objects outside a cluster.
/// - Parameters:
///   - object: the whole manifest.
///   - oldObject: the object that it replaces, for an update.
///   - uid: any text; the answer repeats it.
package func review(
  for object: JSONValue, replacing oldObject: JSONValue? = nil, kind: GroupVersionKind,
  operation: AdmissionReview.Operation = .create, namespace: String, uid: String
) -> [UInt8] {
  var writer = JSONWriter(capacity: 8192)
  writer.beginObject()
  writer.member("kind", "AdmissionReview")
  writer.member("apiVersion", AdmissionReview.apiVersion)
  writer.key("request")
  writer.beginObject()
  writer.member("uid", uid)
  writer.key("kind")
  writer.beginObject()
  writer.member("group", kind.group)
  writer.member("version", kind.version)
  writer.member("kind", kind.kind)
  writer.endObject()
  if let name = object["metadata"]?["name"]?.string { writer.member("name", name) }
  writer.member("namespace", namespace)
  writer.member("operation", operation.rawValue)
  writer.key("object")
  object.write(to: &writer)
  writer.key("oldObject")
  (oldObject ?? .null).write(to: &writer)
  writer.member("dryRun", true)
  writer.endObject()
  writer.endObject()
  return writer.bytes
}
