package import JSONBytes

/// Makes a value of an object's bytes. The bytes are checked to be JSON only as far as they are read.
package struct ObjectReader<Item: Sendable>: Sendable {
  private let read: @Sendable (_ object: [UInt8]) throws(JSONError) -> Item

  /// A reader that calls this function.
  package init(_ read: @escaping @Sendable (_ object: [UInt8]) throws(JSONError) -> Item) { self.read = read }

  package func callAsFunction(_ object: [UInt8]) throws(JSONError) -> Item { try read(object) }
}

extension ObjectReader<JSONValue> {
  /// Reads the whole object as a tree.
  package static let tree = Self { object throws(JSONError) in try JSONValue(parsing: object) }
}

extension ObjectReader<Void> {
  /// Ignores the answer.
  package static let nothing = Self { _ in }
}
