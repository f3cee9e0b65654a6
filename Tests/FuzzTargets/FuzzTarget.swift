import Contract
import Admission
import DatabaseSpec
import Declarations
import JSONBytes
import JSONPatch
import PlainHTTP
import TextEncoding

/// The parsers that read bytes from outside. Each target checks what must hold for all bytes, and traps where it does
/// not hold. `make fuzz` searches for such bytes, and the tests replay what it found.
public enum FuzzTarget: String, CaseIterable, Sendable {
  /// A request's body, at both addresses.
  case review
  /// A JSON pointer, and a JSON Patch with what it is applied to.
  case pointer
  /// The annotations `postern.io/users` and `postern.io/databases`, a NUL between them.
  case annotations
  /// The value of a Secret that `postern.io/users-from` names.
  case flatfile
  /// A script.
  case sql
  /// A script made of pieces, one for each byte, because what libFuzzer makes of letters is seldom SQL.
  case script
  /// A request at the sidecar's status port.
  case request

  /// Runs the target on these bytes.
  public func run(_ bytes: [UInt8]) {
    switch self {
    case .review: for path in AdmissionPath.allCases { Self.review(bytes, path) }
    case .pointer: Self.pointer(bytes)
    case .annotations: Self.annotations(bytes)
    case .flatfile: Self.flatFile(bytes)
    case .sql: ScriptComparison.check(String(decoding: bytes, as: UTF8.self))
    case .script: ScriptComparison.check(ScriptComparison.script(of: bytes))
    case .request: Self.request(bytes)
    }
  }

  /// A cluster in which declarations use everything of every Secret.
  private static let settings = AdmissionSettings { _, _ in
    [
      .password(key: "p"), .admin, .flatFile(key: "f"), .script(key: "s", name: "s", isTransaction: true),
    ]
  }

  /// Every answer is JSON, belongs to its request, and contains a patch that applies.
  private static func review(_ bytes: [UInt8], _ path: AdmissionPath) {
    guard let answered = try? answer(bytes, at: path, settings: settings) else { return }
    let root = require(try? JSONValue(parsing: answered.body))
    let review = require(try? JSONValue(parsing: bytes))
    precondition(root["response"]?["uid"] == review["request"]?["uid"], "another request's answer")
    precondition(path == .mutate || root["response"]?["patch"] == nil, "a validating answer with a patch")
    guard let patch = root["response"]?["patch"]?.string else { return }
    let object = require(review["request"]?["object"])
    _ = require(try? JSONPatch.apply(require(Base64.decoded(patch)), to: object))
  }

  /// A pointer equals the text that it was read from; a patch applies or is refused.
  private static func pointer(_ bytes: [UInt8]) {
    let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false).map { Array($0) }
    let text = String(decoding: parts[0], as: UTF8.self)
    if let pointer = JSONPointer(parsing: text) { precondition(pointer.text.utf8.elementsEqual(text.utf8)) }
    guard parts.count == 2, let document = try? JSONValue(parsing: parts[1]) else { return }
    _ = try? JSONPatch.apply(parts[0], to: document)
  }

  /// A declaration that is accepted stays the same when it is written and read.
  private static func annotations(_ bytes: [UInt8]) {
    let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    var annotations = [AnnotationKey.users: String(decoding: parts[0], as: UTF8.self)]
    if parts.count == 2 { annotations[AnnotationKey.databases] = String(decoding: parts[1], as: UTF8.self) }
    let result = Declaration.parse(customer: "acme", annotations: annotations)
    precondition((result.declaration == nil) == !result.errors.isEmpty, "neither accepted nor refused")
    guard let spec = result.declaration?.spec else { return }
    precondition((try? InstanceSpec(decoding: spec.encoded())) != nil, "spec.json cannot be read back")
  }

  private static func flatFile(_ bytes: [UInt8]) {
    let (file, problems, _) = FlatFile.parse(bytes, source: ObjectKey(name: "s", key: "k"))
    precondition((file == nil) == !problems.isEmpty, "neither accepted nor refused")
  }

  /// A head that is refused stays refused, and one that is complete stays complete, whatever bytes follow. A head is
  /// never complete before all of its bytes are there.
  private static func request(_ bytes: [UInt8]) {
    var last = RequestHead.Reading.incomplete
    let end = min(bytes.count, RequestHead.maximumBytes + 16)
    // All prefixes of a short request; some of a long one, and the whole.
    for count in [Int](stride(from: 0, to: end, by: end > 512 ? 61 : 1)) + [end] {
      let reading = RequestHead.read(Array(bytes[..<count]))
      precondition(last == .incomplete || last == reading, "another answer to a longer request")
      if case .complete(let head) = reading { precondition(head.path.utf8.first == UInt8(ascii: "/"), "no path") }
      last = reading
    }
    precondition(last != .incomplete || bytes.count < RequestHead.maximumBytes, "a head without an end")
  }

  private static func require<Value>(_ value: Value?) -> Value {
    guard let value else { preconditionFailure("nothing where something must be") }
    return value
  }
}
