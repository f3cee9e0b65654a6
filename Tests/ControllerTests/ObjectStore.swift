import Foundation
import JSONBytes
import NIOHTTP1
import Synchronization
import TestSupport
import TextEncoding

@testable import Controller

/// An API server that stores what is written to it, has some workloads, and lets the test change Secrets.
final class ObjectStore: Sendable {
  struct Write {
    let path: String
    let object: JSONValue

    /// A value of a Secret, decoded.
    func value(_ key: String) -> String? {
      object["data"]?[key]?.string.flatMap { Base64.decoded($0) }.map { String(decoding: $0, as: UTF8.self) }
    }
  }

  private struct State {
    /// By path.
    var objects: [String: JSONValue] = [:]
    var version = 10
    var secretWatches: [FakeServer.Feed] = []
    /// What the watches of Secrets report, by the version from which on it holds.
    var edits: [(version: Int, event: String)] = []
    var writes: [Write] = []
  }

  private let workloads: String
  private let state = Mutex(State())

  /// - Parameters:
  ///   - workloads: Deployments that exist.
  ///   - objects: other objects that exist, by path.
  init(_ workloads: [Sample], objects: [String: JSONValue] = [:]) throws {
    self.workloads = try workloads.map { String(decoding: try $0.manifest().bytes, as: UTF8.self) }
      .joined(separator: ",")
    state.withLock { $0.objects = objects }
  }

  func answer(_ request: FakeServer.Request) -> FakeServer.Answer {
    guard request.query["watch"] != "true" else {
      return .stream { feed in
        guard request.path == "/api/v1/secrets" else { return }
        // A watch that begins after an edit reports it, too, as one of a real API server does.
        let seen = request.query["resourceVersion"].flatMap(Int.init) ?? 0
        self.state.withLock { state in
          for edit in state.edits where edit.version > seen { feed.send(edit.event) }
          state.secretWatches.append(feed)
        }
      }
    }
    return state.withLock { state in
      switch request.method {
      case .GET:
        if let object = state.objects[request.path] { return .json(200, String(decoding: object.bytes, as: UTF8.self)) }
        let isCollection = request.path.hasSuffix("s") && !request.path.hasSuffix("-pg-passwords")
        guard isCollection else { return .status(404, "NotFound", "not found") }
        return .json(200, #"{"metadata":{"resourceVersion":"1"},"items":[\#(items(request, state))]}"#)
      case .POST: return keep(request, at: "\(request.path)/\(name(of: request))", &state)
      default: return keep(request, at: request.path, &state)
      }
    }
  }

  private func items(_ request: FakeServer.Request, _ state: State) -> String {
    if request.path.hasSuffix("/deployments") { return workloads }
    guard let selector = request.query["labelSelector"], selector.contains("=") else { return "" }
    let customer = selector.split(separator: "=").last.map(String.init)
    return state.objects.filter { path, object in
      path.hasPrefix(request.path + "/") && object["metadata"]?["labels"]?["postern.io/customer"]?.string == customer
    }.map { String(decoding: $0.value.bytes, as: UTF8.self) }.joined(separator: ",")
  }

  private func name(of request: FakeServer.Request) -> String {
    (try? json(request.body))?["metadata"]?["name"]?.string ?? ""
  }

  private func keep(_ request: FakeServer.Request, at path: String, _ state: inout State) -> FakeServer.Answer {
    guard let body = try? json(request.body), case .object(var object) = body else {
      return .status(400, "BadRequest", "no object")
    }
    if request.headers.first(name: "Content-Type") == "application/merge-patch+json", let live = state.objects[path] {
      guard case .object(let merged) = Self.merged(live, body) else { return .status(400, "BadRequest", "no object") }
      return keep(merged, at: path, &state)
    }
    var data = JSONObject()
    for source in [state.objects[path]?["data"], object["data"]] {
      guard case .object(let members)? = source else { continue }
      for member in members.members { data[member.key] = member.value }
    }
    if !data.members.isEmpty { object["data"] = .object(data) }
    return keep(object, at: path, &state)
  }

  /// RFC 7386
  private static func merged(_ old: JSONValue?, _ patch: JSONValue) -> JSONValue {
    guard case .object(let changes) = patch else { return patch }
    var result = if case .object(let object)? = old { object } else { JSONObject() }
    for member in changes.members {
      result[member.key] = member.value == .null ? nil : merged(result[member.key], member.value)
    }
    return .object(result)
  }

  /// What Postern has written, as every write of these tests' clients.
  private static let managers = try? json(
    #"[{"manager":"postern","operation":"Update","fieldsV1":{"f:metadata":{"f:labels":{"f:app.kubernetes.io/managed-by":{}}}}}]"#
  )

  private func keep(_ object: JSONObject, at path: String, _ state: inout State) -> FakeServer.Answer {
    var object = object
    state.version += 1
    if case .object(var metadata)? = object["metadata"] {
      metadata["resourceVersion"] = .string(String(state.version))
      metadata["managedFields"] = Self.managers
      object["metadata"] = .object(metadata)
    }
    state.objects[path] = .object(object)
    state.writes.append(Write(path: path, object: .object(object)))
    return .json(200, String(decoding: JSONValue.object(object).bytes, as: UTF8.self))
  }

  /// Edits a key of a Secret, as somebody other than Postern; the watches report it.
  func edit(_ path: String, _ key: String, _ value: String) {
    state.withLock { state in
      guard case .object(var object)? = state.objects[path], case .object(var data)? = object["data"],
        case .object(var metadata)? = object["metadata"]
      else { return }
      data[key] = .string(Base64.encoded(Array(value.utf8)))
      state.version += 1
      metadata["resourceVersion"] = .string(String(state.version))
      object["data"] = .object(data)
      object["metadata"] = .object(metadata)
      state.objects[path] = .object(object)
      let event = #"{"type":"MODIFIED","object":\#(String(decoding: JSONValue.object(object).bytes, as: UTF8.self))}"#
      state.edits.append((state.version, event + "\n"))
      for feed in state.secretWatches { feed.send(event + "\n") }
    }
  }

  /// An object; nil where there is none.
  func object(_ path: String) -> JSONValue? { state.withLock { $0.objects[path] } }

  /// Makes or replaces an object, as somebody other than Postern; no watch reports it.
  func put(_ object: JSONValue, at path: String) { state.withLock { $0.objects[path] = object } }

  /// Deletes an object, as somebody other than Postern; no watch reports it.
  func remove(_ path: String) { state.withLock { $0.objects[path] = nil } }

  /// All writes, in order.
  var writes: [Write] { state.withLock { $0.writes } }

  /// A value of a Secret, decoded.
  func value(_ path: String, _ key: String) -> String? {
    state.withLock { $0.objects[path]?["data"]?[key]?.string }
      .flatMap { Base64.decoded($0) }.map { String(decoding: $0, as: UTF8.self) }
  }
}
