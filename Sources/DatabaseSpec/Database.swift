/// A database and what is to be in it.
package struct Database: Equatable, Sendable {
  /// Its name in Postgres.
  package var name: PostgresName
  /// The role that owns it.
  package var owner: PostgresName
  /// Extensions, made by the superuser; no two of one name.
  package var extensions: [Extension]
  /// Schemas beside `public`; no two of one name.
  package var schemas: [Schema]
  /// Server encoding such as `UTF8`, at creation; nil for the server's default.
  package var encoding: String?
  /// Collation and character type such as `C.UTF-8`, at creation; nil for the server's default.
  package var locale: String?
  /// The database it is copied from, at creation; nil for `template0`.
  package var template: PostgresName?
  /// How many sessions it takes at once; nil for any number.
  package var connectionLimit: Int?
  /// SQL that is run once each, in this order, as the owner; no two of one name.
  package var scripts: [Script]

  /// A database of these parts.
  package init(
    name: PostgresName, owner: PostgresName, extensions: [Extension] = [], schemas: [Schema] = [],
    encoding: String? = nil, locale: String? = nil, template: PostgresName? = nil, connectionLimit: Int? = nil,
    scripts: [Script] = []
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
  }
}

/// An extension in a database.
package struct Extension: Equatable, Sendable {
  /// Its name, as in `pg_available_extensions`.
  package var name: PostgresName
  /// The schema it is put in; nil for the one that its control file names, else `public`.
  package var schema: PostgresName?
  /// The version it is to have; nil for whichever is there, or the server's default.
  package var version: String?

  /// An extension of these parts.
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

  /// A schema of these parts.
  package init(name: PostgresName, owner: PostgresName? = nil) {
    self.name = name
    self.owner = owner
  }
}
