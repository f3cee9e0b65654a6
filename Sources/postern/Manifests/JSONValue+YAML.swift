import JSONBytes
import Yams

extension JSONValue {
  /// Converts a YAML document by YAML's core schema, as kubectl does. nil if it nests deeper than
  /// `JSONReader.maximumDepth`, or has a key that is not a scalar.
  init?(yaml node: Node, depth: Int = 0) {
    guard depth < JSONReader.maximumDepth else { return nil }
    switch node {
    case .scalar(let scalar): self.init(scalar: scalar, tag: node.tag)
    case .sequence(let sequence):
      var elements: [JSONValue] = []
      for element in sequence {
        guard let value = JSONValue(yaml: element, depth: depth + 1) else { return nil }
        elements.append(value)
      }
      self = .array(elements)
    case .mapping(let mapping):
      var object = JSONObject()
      for (key, element) in mapping {
        guard case .scalar(let name) = key, let value = JSONValue(yaml: element, depth: depth + 1) else { return nil }
        object[name.string] = value
      }
      self = .object(object)
    case .alias: return nil
    }
  }

  private init(scalar: Node.Scalar, tag: Tag) {
    let isPlain = scalar.style == .plain || scalar.style == .any
    switch tag.description {
    case Tag.Name.null.rawValue where isPlain: self = .null
    case Tag.Name.bool.rawValue where isPlain: self = .bool(["true", "yes", "on"].contains(scalar.string.lowercased()))
    case Tag.Name.int.rawValue where isPlain && Int(scalar.string) != nil:
      self = .number(String(Int(scalar.string) ?? 0))
    case Tag.Name.float.rawValue where isPlain && Double(scalar.string)?.isFinite == true:
      self = .number(String(Double(scalar.string) ?? 0))
    default: self = .string(scalar.string)
    }
  }
}
