import JSONBytes
import KubernetesAPI

extension JSONReader {
  /// Reads an array's elements; none where it is null.
  /// - Returns: whether there was an array.
  mutating func elements(_ body: (inout JSONReader) throws(JSONError) -> Void) throws(JSONError) -> Bool {
    guard try !null() else { return false }
    try beginArray()
    while try nextElement() { try body(&self) }
    return true
  }

  /// The most elements that are read of a list of a Pod. No real Pod has nearly as many.
  static let maximumElements = 10_000

  /// As many as most lists of a Pod have. Room for them is made at once.
  static let fewElements = 4

  /// Why no more elements are read.
  static func tooMany(at reader: JSONReader) -> JSONError {
    JSONError(.tooManyElements(limit: maximumElements), at: reader.position)
  }

  /// A list of a Pod; empty where there is none.
  static func list<Element>(
    _ slice: JSONSlice?, of bytes: [UInt8], _ read: (inout JSONReader) throws(JSONError) -> Element
  ) throws(JSONError) -> [Element] {
    guard let slice else { return [] }
    var list: [Element] = []
    list.reserveCapacity(fewElements)
    var reader = JSONReader(slice, of: bytes)
    _ = try reader.elements { reader throws(JSONError) in
      guard list.count < maximumElements else { throw tooMany(at: reader) }
      list.append(try read(&reader))
    }
    return list
  }

  /// The texts of a list, as many as are wanted; none where there is no list. Elements that are null are left out.
  static func texts(_ slice: JSONSlice?, of bytes: [UInt8], most: Int) throws(JSONError) -> [String] {
    guard let slice else { return [] }
    var texts: [String] = []
    var reader = JSONReader(slice, of: bytes)
    _ = try reader.elements { reader throws(JSONError) in
      guard let text = try reader.optionalText(), texts.count < most else { return }
      texts.append(text)
    }
    return texts
  }

  /// The next value, which must be an array, as its place; nil where it is null.
  mutating func optionalArray() throws(JSONError) -> JSONSlice? {
    guard try !null() else { return nil }
    guard try peek() == .array else { throw JSONError(.expected(.array), at: position) }
    return try value()
  }

  /// The next value, which must be a whole number; nil where it is null.
  mutating func optionalInteger() throws(JSONError) -> Int? {
    try null() ? nil : try integer()
  }

  /// The next value, which must be true or false; false where it is null.
  mutating func optionalBool() throws(JSONError) -> Bool {
    try null() ? false : try bool()
  }
}
