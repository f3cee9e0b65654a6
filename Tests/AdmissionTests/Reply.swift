import Admission
import Foundation
import JSONBytes
import JSONPatch
import KubernetesAPI
import Testing

/// An answer as the API server reads it.
struct Reply {
  let answer: AdmissionAnswer
  let root: JSONValue

  init(_ answer: AdmissionAnswer) throws {
    self.answer = answer
    root = try JSONValue(parsing: answer.body)
  }

  var response: JSONValue? { root["response"] }
  var isAllowed: Bool { response?["allowed"] == .bool(true) }
  var warnings: [String] { response?["warnings"]?.array?.compactMap(\.string) ?? [] }
  var status: JSONValue? { response?["status"] }
  var fields: [String] { causes.map(\.field) }

  var causes: [(reason: String, field: String, message: String)] {
    (status?["details"]?["causes"]?.array ?? []).map {
      ($0["reason"]?.string ?? "", $0["field"]?.string ?? "", $0["message"]?.string ?? "")
    }
  }

  /// The decoded patch; nil where there is none.
  var patch: [UInt8]? {
    response?["patch"]?.string.flatMap { Data(base64Encoded: $0) }.map { [UInt8]($0) }
  }

  /// The object as the API server would store it.
  func admitted(_ object: JSONValue) throws -> JSONValue {
    guard let patch else { return object }
    return try JSONPatch.apply(patch, to: object)
  }
}

func json(_ text: String) throws -> JSONValue {
  try JSONValue(parsing: Array(text.utf8))
}

/// A text as a string of JSON.
func quotedJSON(_ text: String) throws -> String { String(decoding: try JSONEncoder().encode(text), as: UTF8.self) }

/// Sends a whole body.
func post(_ body: [UInt8], _ path: AdmissionPath, _ settings: AdmissionSettings = testSettings) throws -> Reply {
  try Reply(answer(body, at: path, settings: settings))
}

/// Sends an object as created or updated.
func post(
  _ object: JSONValue, _ path: AdmissionPath, replacing old: JSONValue? = nil, kind: GroupVersionKind? = nil,
  namespace: String = "shop", settings: AdmissionSettings = testSettings
) throws -> Reply {
  let body = review(
    for: object, replacing: old,
    kind: kind
      ?? GroupVersionKind(apiVersion: object["apiVersion"]?.string ?? "", kind: object["kind"]?.string ?? ""),
    operation: old == nil ? .create : .update, namespace: namespace, uid: "uid-1")
  return try post(body, path, settings)
}

let testSettings = AdmissionSettings(sidecarImage: "registry.example/postern-sidecar:1")

/// A real review, recorded from a kube-apiserver.
func fixture(_ name: String) throws -> [UInt8] {
  let url = try #require(Bundle.module.url(forResource: "Fixtures/reviews/\(name)", withExtension: "json"))
  return [UInt8](try Data(contentsOf: url))
}

extension JSONValue {
  /// The value with another one added at a JSON pointer (RFC 6902 `add`).
  func adding(_ pointer: String, _ text: String) throws -> JSONValue {
    try JSONPatch.apply(Array(#"[{"op":"add","path":"\#(pointer)","value":\#(text)}]"#.utf8), to: self)
  }

  /// The object with an owner that is its controller.
  func ownedByController(_ kind: String, _ name: String) throws -> JSONValue {
    try adding("/metadata/ownerReferences", #"[{"kind":"\#(kind)","name":"\#(name)","uid":"y","controller":true}]"#)
  }

  /// The object with owners that are not its controller; they only delete it when they are deleted.
  func ownedByOthers() throws -> JSONValue {
    try adding(
      "/metadata/ownerReferences",
      #"[{"kind":"ConfigMap","name":"x","uid":"y","controller":false},{"kind":"Node","name":"n","uid":"z"}]"#)
  }

  /// The value without what is at a JSON pointer.
  func removing(_ pointer: String) throws -> JSONValue {
    try JSONPatch.apply(Array(#"[{"op":"remove","path":"\#(pointer)"}]"#.utf8), to: self)
  }

  /// The value at a path of members and indices.
  func at(_ path: String...) -> JSONValue? {
    path.reduce(self) { value, token in Int(token).map { index in value?.element(index) } ?? value?[token] }
  }

  private func element(_ index: Int) -> JSONValue? {
    guard let array, array.indices.contains(index) else { return nil }
    return array[index]
  }

  /// The value as JSON text, for searches.
  var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// The smallest Pod with our label.
func pod(container extra: String = "", spec: String = "", metadata: String = "") throws -> JSONValue {
  try json(
    """
    {"apiVersion":"v1","kind":"Pod","metadata":{"name":"db-0","labels":{"postern.io/customer":"acme"}\(metadata)},
     "spec":{"containers":[{"name":"db","image":"postgres:17"\(extra)}]\(spec)}}
    """)
}

/// The smallest workload with our label.
func deployment(
  annotations: String = "{}", templateMetadata: String = #"{"labels":{"app":"db"}}"#,
  podSpec: String = #"{"containers":[{"name":"db","image":"postgres:17"}]}"#, kind: String = "Deployment"
) throws -> JSONValue {
  try json(
    """
    {"apiVersion":"apps/v1","kind":"\(kind)",
     "metadata":{"name":"db","labels":{"postern.io/customer":"acme"},"annotations":\(annotations)},
     "spec":{"template":{"metadata":\(templateMetadata),"spec":\(podSpec)}}}
    """)
}
