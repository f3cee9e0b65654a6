/// A database and what it must contain.
package struct Database: Equatable, Sendable {
  /// Its name in Postgres.
  package var name: PostgresName
  /// The role that owns it.
  package var owner: PostgresName
  /// Extensions, which the superuser creates, without duplicates.
  package var extensions: [Extension]
  /// Schemas besides `public`, without duplicates.
  package var schemas: [Schema]
  /// The server encoding, such as `UTF8`, used at creation; nil for the server's default.
  package var encoding: String?
  /// The collation and character type, such as `C.UTF-8`, used at creation; nil for the server's default.
  package var locale: String?
  /// The database that it is copied from at creation; nil for `template0`.
  package var template: PostgresName?
  /// The most sessions at one time; nil for any number.
  package var connectionLimit: Int?
  /// SQL scripts that each run once, in this order, as the owner, without duplicate names.
  package var scripts: [Script]
  /// The name that it had before. If only that database exists, it is renamed.
  package var renamedFrom: PostgresName?

  /// A database with these values.
  package init(
    name: PostgresName, owner: PostgresName, extensions: [Extension] = [], schemas: [Schema] = [],
    encoding: String? = nil, locale: String? = nil, template: PostgresName? = nil, connectionLimit: Int? = nil,
    scripts: [Script] = [], renamedFrom: PostgresName? = nil
  ) {
    self.name = name
    self.owner = owner
    self.extensions = extensions
    self.schemas = schemas
    self.encoding = encoding
    self.locale = locale
    self.template = template
    self.connectionLimit = connectionLimit
    self.scripts = scripts
    self.renamedFrom = renamedFrom
  }
}

/// An extension in a database.
package struct Extension: Equatable, Sendable {
  /// Its name, as in `pg_available_extensions`.
  package var name: PostgresName
  /// The schema that contains it; nil for the one that its control file names, else `public`.
  package var schema: PostgresName?
  /// The required version; nil for the installed one, or the server's default.
  package var version: String?

  /// An extension with these values.
  package init(name: PostgresName, schema: PostgresName? = nil, version: String? = nil) {
    self.name = name
    self.schema = schema
    self.version = version
  }
}

/// A schema in a database.
package struct Schema: Equatable, Sendable {
  /// Its name.
  package var name: PostgresName
  /// The role that owns it; nil for the database's owner.
  package var owner: PostgresName?

  /// A schema with these values.
  package init(name: PostgresName, owner: PostgresName? = nil) {
    self.name = name
    self.owner = owner
  }
}
