public import DatabaseSpec

/// An inline script that could be read, whatever else is wrong with the declaration.
public struct DeclaredScript: Equatable, Sendable {
  /// The database that it is for; nil where the name of that cannot be read.
  public var database: PostgresName?
  /// The script; its name is empty where it has none.
  public var script: Script
  /// Where its SQL stands in the YAML of `postern.io/databases`, such as `[0].scripts[1].sql`.
  public var path: String
}
