package import JSONBytes

/// What is made of an object's bytes, which are checked to be JSON only as far as this reads them.
package struct ObjectReader<Item: Sendable>: Sendable {
  private let read: @Sendable (_ object: [UInt8]) throws(JSONError) -> Item

  /// A reader that does this.
  package init(_ read: @escaping @Sendable (_ object: [UInt8]) throws(JSONError) -> Item) { self.read = read }

  func callAsFunction(_ object: [UInt8]) throws(JSONError) -> Item { try read(object) }
}

extension ObjectReader<JSONValue> {
  /// All of it.
  package static let tree = Self { object throws(JSONError) in try JSONValue(parsing: object) }
}

extension ObjectReader<Void> {
  /// Nothing: the answer is not looked at.
  package static let nothing = Self { _ in }
}
