package import DatabaseSpec

/// An inline script that could be read, whatever else is wrong with the declaration.
package struct DeclaredScript: Equatable, Sendable {
  /// The database that it is for; nil where the name of that cannot be read.
  package var database: PostgresName?
  /// The script; its name is empty where it has none.
  package var script: Script
  /// Where its SQL stands in the YAML of `postern.io/databases`, such as `[0].scripts[1].sql`.
  package var path: String
}
