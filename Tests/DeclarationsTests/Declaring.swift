import DatabaseSpec
import Declarations
import Testing

/// The annotations of a case, without their prefix.
typealias Annotations = [String: String]

func parse(_ annotations: Annotations, customer: String = "acme") -> DeclarationResult {
  Declaration.parse(
    customer: customer,
    annotations: Dictionary(uniqueKeysWithValues: annotations.map { ("postern.io/\($0.key)", $0.value) }))
}

/// Expects that the annotations are accepted; returns the declaration.
@discardableResult
func accepts(
  _ annotations: Annotations, warnings: [String] = [], _ location: SourceLocation = #_sourceLocation
) throws -> Declaration {
  let result = parse(annotations)
  #expect(result.errors.map(\.message) == [], sourceLocation: location)
  #expect(result.warnings.map(\.message) == warnings, sourceLocation: location)
  return try #require(result.declaration, sourceLocation: location)
}

/// Expects exactly these messages, and no declaration.
func rejects(_ annotations: Annotations, _ messages: [String], _ location: SourceLocation = #_sourceLocation) {
  let result = parse(annotations)
  #expect(result.declaration == nil, sourceLocation: location)
  #expect(result.errors.map(\.message) == messages, sourceLocation: location)
}

func name(_ text: String) throws -> PostgresName { try PostgresName(text) }

func names(_ texts: [String]) throws -> [PostgresName] { try texts.map { try PostgresName($0) } }
