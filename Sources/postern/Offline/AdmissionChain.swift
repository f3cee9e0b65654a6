import Admission
import JSONBytes
import JSONPatch
import KubernetesAPI
import OpenSSL

/// Sends an object through the webhooks as an API server does — `/mutate`, the patch, `/validate` — so that the
/// offline commands decide by the very code that a cluster calls.
struct AdmissionChain {
  /// What came of one object.
  enum Outcome: Equatable {
    case admitted(JSONValue, warnings: [String])
    case denied(Denial)
  }

  /// Why an object was refused.
  struct Denial: Equatable, Error {
    /// One thing that is wrong, and where.
    struct Cause: Equatable {
      let field: String
      let message: String
    }
    let message: String
    let causes: [Cause]
  }

  /// A webhook that does not answer as the protocol asks.
  struct ProtocolError: Error, CustomStringConvertible {
    let description: String
  }

  /// Posts a review to one of the webhooks and returns its answer.
  let send: (AdmissionPath, [UInt8]) async throws -> [UInt8]

  /// The webhooks called as functions, without a server.
  static func offline(settings: AdmissionSettings) -> AdmissionChain {
    let settings = settings.withClock
    return AdmissionChain { path, review in try answer(review, at: path, settings: settings).body }
  }

  /// - Parameter old: what is there already: with it the review is an UPDATE, else a CREATE.
  func admit(_ object: JSONValue, old: JSONValue? = nil, namespace: String) async throws -> Outcome {
    var warnings: [String] = []
    let mutated: JSONValue
    switch try await call(.mutate, object, old, namespace) {
    case .denied(let denial): return .denied(denial)
    case .allowed(let patch, let given):
      warnings += given
      mutated = try patch.map { try JSONPatch.apply($0, to: object) } ?? object
    }
    switch try await call(.validate, mutated, old, namespace) {
    case .denied(let denial): return .denied(denial)
    case .allowed(_, let given):
      return .admitted(mutated, warnings: warnings + given.filter { !warnings.contains($0) })
    }
  }

  private enum Answer {
    case allowed(patch: [UInt8]?, warnings: [String])
    case denied(Denial)
  }

  private func call(
    _ path: AdmissionPath, _ object: JSONValue, _ old: JSONValue?, _ namespace: String
  ) async throws -> Answer {
    let review = review(
      for: object, replacing: old,
      kind: GroupVersionKind(
        apiVersion: object["apiVersion"]?.string ?? "", kind: object["kind"]?.string ?? ""),
      operation: old == nil ? .create : .update,
      namespace: namespace, uid: "offline")
    let root = try JSONValue(parsing: try await send(path, review))
    guard let response = root["response"], case .bool(let isAllowed)? = response["allowed"] else {
      throw ProtocolError(description: "the webhook's answer to \(path) holds no response")
    }
    guard isAllowed else { return .denied(Denial(status: response["status"])) }
    let patch = try response["patch"]?.string.map { text in
      guard let bytes = Encoding.decodeBase64(text) else {
        throw ProtocolError(description: "the webhook's patch is not base64")
      }
      return bytes
    }
    return .allowed(patch: patch, warnings: response["warnings"]?.array?.compactMap(\.string) ?? [])
  }
}

extension AdmissionChain.Denial {
  init(status: JSONValue?) {
    let causes = status?["details"]?["causes"]?.array ?? []
    self.init(
      message: status?["message"]?.string ?? "the webhook gave no reason",
      causes: causes.map { Cause(field: $0["field"]?.string ?? "", message: $0["message"]?.string ?? "") })
  }

  /// A line for each thing that is wrong, as kubectl prints causes.
  var lines: [String] {
    causes.isEmpty ? [message] : causes.map { "\($0.field): \($0.message)" }
  }
}
