import Admission
import JSONBytes
import JSONPatch
import KubernetesAPI
import TextEncoding

/// Sends an object through the webhooks as an API server does: `/mutate`, the patch, `/validate`. So the offline commands
/// use the same code for decisions as a cluster.
struct AdmissionChain {
  /// The result for one object.
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
    /// Warnings besides the errors.
    var warnings: [String] = []
  }

  /// Posts a review to one of the webhooks and returns its answer.
  let send: (AdmissionPath, [UInt8]) async throws(CommandError) -> [UInt8]

  /// The webhooks called as functions, without a server.
  static func offline(settings: AdmissionSettings) -> AdmissionChain {
    var settings = settings.withClock
    settings.limitsWarnings = false
    let own = settings
    return AdmissionChain { path, review throws(CommandError) in
      do throws(ReviewError) {
        return try answer(review, at: path, settings: own).body
      } catch {
        throw .refused(error.message)
      }
    }
  }

  /// - Parameter old: the object that is replaced. With it the review is an UPDATE, without it a CREATE.
  func admit(
    _ object: JSONValue, old: JSONValue? = nil, namespace: String
  ) async throws(CommandError) -> Outcome {
    var warnings: [String] = []
    var mutated = object
    // Each mutating webhook that is registered for the object is called, and sees what those before it have patched.
    for _ in 0..<(ConnectingManifest.hasLabel(object) ? 2 : 1) {
      switch try await call(.mutate, mutated, old, namespace) {
      case .denied(var denial):
        denial.warnings = warnings + denial.warnings.filter { !warnings.contains($0) }
        return .denied(denial)
      case .allowed(let patch, let given):
        warnings += given.filter { !warnings.contains($0) }
        if let patch { mutated = try Self.applying(patch, to: mutated) }
      }
    }
    switch try await call(.validate, mutated, old, namespace) {
    case .denied(var denial):
      denial.warnings = warnings + denial.warnings.filter { !warnings.contains($0) }
      return .denied(denial)
    case .allowed(_, let given):
      return .admitted(mutated, warnings: warnings + given.filter { !warnings.contains($0) })
    }
  }

  private enum Answer {
    case allowed(patch: [UInt8]?, warnings: [String])
    case denied(Denial)
  }

  private static func applying(_ patch: [UInt8], to object: JSONValue) throws(CommandError) -> JSONValue {
    do throws(JSONPatchError) {
      return try JSONPatch.apply(patch, to: object)
    } catch {
      throw .refused("the webhook's patch does not apply: \(error.message)")
    }
  }

  private func call(
    _ path: AdmissionPath, _ object: JSONValue, _ old: JSONValue?, _ namespace: String
  ) async throws(CommandError) -> Answer {
    let review = review(
      for: object, replacing: old,
      kind: GroupVersionKind(
        apiVersion: object["apiVersion"]?.string ?? "", kind: object["kind"]?.string ?? ""),
      operation: old == nil ? .create : .update,
      namespace: namespace, uid: "offline")
    let response = try Self.response(in: try await send(path, review), of: path)
    guard case .bool(let isAllowed)? = response["allowed"] else {
      throw .refused("the webhook's answer to \(path) does not say whether the object is allowed")
    }
    let warnings = response["warnings"]?.array?.compactMap(\.string) ?? []
    guard isAllowed else { return .denied(Denial(status: response["status"], warnings: warnings)) }
    let patch = try response["patch"]?.string.map { text throws(CommandError) in
      guard let bytes = Base64.decoded(text) else { throw .refused("the webhook's patch is not base64") }
      return bytes
    }
    return .allowed(patch: patch, warnings: warnings)
  }

  private static func response(in body: [UInt8], of path: AdmissionPath) throws(CommandError) -> JSONValue {
    do throws(JSONError) {
      if let response = try JSONValue(parsing: body)["response"] { return response }
    } catch {
      throw .refused("the webhook's answer to \(path) is no JSON: \(error.message)")
    }
    throw .refused("the webhook's answer to \(path) holds no response")
  }
}

extension AdmissionChain.Denial {
  init(status: JSONValue?, warnings: [String]) {
    let causes = status?["details"]?["causes"]?.array ?? []
    self.init(
      message: status?["message"]?.string ?? "the webhook gave no reason",
      causes: causes.map { Cause(field: $0["field"]?.string ?? "", message: $0["message"]?.string ?? "") },
      warnings: warnings)
  }

  /// One line for each mistake, as kubectl prints causes.
  var lines: [String] {
    causes.isEmpty ? [message] : causes.map { "\($0.field): \($0.message)" }
  }
}

extension CommandError {
  /// A refusal by the webhook, as kubectl prints it, with the warnings behind it: some tell of another mistake.
  init(denied manifest: Manifest, _ denial: AdmissionChain.Denial) {
    let refusal =
      denial.causes.isEmpty
      ? ["The \(manifest.kind) \"\(manifest.name)\" was refused: \(denial.message)"]
      : ["The \(manifest.kind) \"\(manifest.name)\" is invalid:"] + denial.lines.map { "* \($0)" }
    self.init(status: .refused, lines: refusal + denial.warnings.map { "Warning: \($0)" })
  }
}
