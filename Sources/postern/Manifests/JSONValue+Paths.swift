import JSONBytes

extension JSONValue {
  /// All containers of a Pod or a Pod template, in the order in which they start.
  var podContainers: [JSONValue] {
    ["initContainers", "containers"].flatMap { self["spec"]?[$0]?.array ?? [] }
  }

  func podContainer(_ name: String?) -> JSONValue? { podContainers.first { $0["name"]?.string == name } }

  /// The value at a path; nil where there is no such value.
  func value(at path: ArraySlice<KeyPath.Step>) -> JSONValue? {
    switch (path.first, self) {
    case (nil, _): self
    case (.key(let key)?, .object(let object)): object[key]?.value(at: path.dropFirst())
    case (.index(let index)?, .array(let elements)) where elements.indices.contains(index):
      elements[index].value(at: path.dropFirst())
    default: nil
    }
  }

  /// The object with the value at a path changed; unchanged where there is no such value.
  func replacing(_ path: ArraySlice<KeyPath.Step>, by value: JSONValue) -> JSONValue {
    switch (path.first, self) {
    case (nil, _): return value
    case (.key(let key)?, .object(var object)):
      object[key] = object[key]?.replacing(path.dropFirst(), by: value)
      return .object(object)
    case (.index(let index)?, .array(var elements)) where elements.indices.contains(index):
      elements[index] = elements[index].replacing(path.dropFirst(), by: value)
      return .array(elements)
    default: return self
    }
  }
}
