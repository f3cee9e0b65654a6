package import JSONBytes

/// JSON Patch (RFC 6902).
package enum JSONPatch {
  /// Applies a patch completely, or throws and applies nothing.
  /// - Parameter patch: a whole patch document.
  package static func apply(_ patch: [UInt8], to document: JSONValue) throws(JSONPatchError) -> JSONValue {
    let parsed: JSONValue
    do throws(JSONError) { parsed = try JSONValue(parsing: patch) } catch { throw .json(error) }
    guard let operations = parsed.array else { throw .malformed(index: nil) }
    var result = document
    for (index, operation) in operations.enumerated() {
      try Operation(operation, at: index).apply(to: &result)
    }
    return result
  }
}

/// One operation, with its members checked.
private struct Operation {
  private enum Kind {
    case add(JSONValue)
    case remove
    case replace(JSONValue)
    case move(from: JSONPointer)
    case copy(from: JSONPointer)
    case test(JSONValue)
  }

  private let kind: Kind
  private let path: JSONPointer
  private let index: Int

  init(_ value: JSONValue, at index: Int) throws(JSONPatchError) {
    func pointer(_ key: String) throws(JSONPatchError) -> JSONPointer {
      guard let pointer = value[key]?.string.flatMap(JSONPointer.init(parsing:)) else {
        throw .malformed(index: index)
      }
      return pointer
    }
    func operand() throws(JSONPatchError) -> JSONValue {
      guard let operand = value["value"] else { throw .malformed(index: index) }
      return operand
    }
    path = try pointer("path")
    self.index = index
    switch value["op"]?.string {
    case "add": kind = .add(try operand())
    case "remove": kind = .remove
    case "replace": kind = .replace(try operand())
    case "move": kind = .move(from: try pointer("from"))
    case "copy": kind = .copy(from: try pointer("from"))
    case "test": kind = .test(try operand())
    default: throw .malformed(index: index)
    }
  }

  func apply(to document: inout JSONValue) throws(JSONPatchError) {
    switch kind {
    case .add(let value): try put(value, into: &document)
    case .remove: _ = try take(path, from: &document)
    case .replace(let value):
      try change(path.tokens[...], in: &document, path) { target throws(JSONPatchError) in target = value }
    case .move(let from):
      guard !from.isAncestor(of: path) else { throw .moveIntoItself(path: from.text, index: index) }
      try put(try take(from, from: &document), into: &document)
    case .copy(let from): try put(try read(from, of: &document), into: &document)
    case .test(let value):
      guard try read(path, of: &document).isSame(as: value) else { throw .testFailed(path: path.text, index: index) }
    }
  }

  /// Adds the value at ``path``.
  private func put(_ value: JSONValue, into document: inout JSONValue) throws(JSONPatchError) {
    guard let last = path.tokens.last else {
      document = value
      return
    }
    try change(path.tokens.dropLast(), in: &document, path) { parent throws(JSONPatchError) in
      switch parent {
      case .object(var object):
        parent = .null
        object[last] = value
        parent = .object(object)
      case .array(var elements):
        parent = .null
        let place = last == "-" ? elements.count : try position(last, through: elements.count, path)
        elements.insert(value, at: place)
        parent = .array(elements)
      default: throw JSONPatchError.notFound(path: path.text, index: index)
      }
    }
  }

  private func take(_ from: JSONPointer, from document: inout JSONValue) throws(JSONPatchError) -> JSONValue {
    var taken = JSONValue.null
    guard let last = from.tokens.last else {
      taken = document
      document = .null
      return taken
    }
    try change(from.tokens.dropLast(), in: &document, from) { parent throws(JSONPatchError) in
      switch parent {
      case .object(var object):
        guard let value = object[last] else { throw JSONPatchError.notFound(path: from.text, index: index) }
        taken = value
        object[last] = nil
        parent = .object(object)
      case .array(var elements):
        taken = elements.remove(at: try position(last, through: elements.count - 1, from))
        parent = .array(elements)
      default: throw JSONPatchError.notFound(path: from.text, index: index)
      }
    }
    return taken
  }

  private func read(_ from: JSONPointer, of document: inout JSONValue) throws(JSONPatchError) -> JSONValue {
    var found = JSONValue.null
    try change(from.tokens[...], in: &document, from) { target throws(JSONPatchError) in found = target }
    return found
  }

  /// Finds the value that `tokens` lead to, which must exist, and lets `body` change it.
  private func change(
    _ tokens: ArraySlice<String>, in value: inout JSONValue, _ whole: JSONPointer,
    _ body: (inout JSONValue) throws(JSONPatchError) -> Void
  ) throws(JSONPatchError) {
    guard let token = tokens.first else { return try body(&value) }
    switch value {
    case .object(var object):
      guard var member = object[token] else { throw .notFound(path: whole.text, index: index) }
      try change(tokens.dropFirst(), in: &member, whole, body)
      object[token] = member
      value = .object(object)
    case .array(var elements):
      let place = try position(token, through: elements.count - 1, whole)
      try change(tokens.dropFirst(), in: &elements[place], whole, body)
      value = .array(elements)
    default: throw .notFound(path: whole.text, index: index)
    }
  }

  /// An array index (RFC 6901 §4): digits without a leading zero, at most `last`.
  private func position(_ token: String, through last: Int, _ whole: JSONPointer) throws(JSONPatchError) -> Int {
    guard token.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }),
      token.utf8.count == 1 || token.utf8.first != UInt8(ascii: "0"), let number = Int(token), number <= last
    else { throw .invalidIndex(path: whole.text, index: index) }
    return number
  }
}

extension JSONValue {
  /// Equality as `test` defines it (RFC 6902 §4.6): strings by their code points, numbers by their value.
  fileprivate func isSame(as other: JSONValue) -> Bool {
    switch (self, other) {
    case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
    case (.number(let left), .number(let right)): left == right || Double(left) == Double(right)
    case (.array(let left), .array(let right)):
      left.count == right.count && zip(left, right).allSatisfy { $0.isSame(as: $1) }
    case (.object(let left), .object(let right)):
      left.members.count == right.members.count
        && left.members.allSatisfy { member in right[member.key]?.isSame(as: member.value) ?? false }
    default: self == other
    }
  }
}
