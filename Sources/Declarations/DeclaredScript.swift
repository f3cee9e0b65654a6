package import DatabaseSpec

/// An inline script that could be read, even if the declaration has errors.
package struct DeclaredScript: Equatable, Sendable {
  /// Its database; nil where the database's name could not be read.
  package var database: PostgresName?
  /// The script; its name is empty where it has none.
  package var script: Script
  /// Where its SQL is in the YAML of `postern.io/databases`.
  var place: ValuePath

  /// The same as text, such as `[0].scripts[1].sql`.
  package var path: String { place.text }
}
