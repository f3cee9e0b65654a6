/// The keys of the Secrets that Postern makes (servicebinding.io, "Provisioned Service"), and their type.
package enum SecretKey {
  /// `type` of a user's Secret.
  package static let userType = "servicebinding.io/postgresql"

  /// The kind of service (servicebinding.io, "Well-known Secret Entries"), and its value.
  package static let type = "type"
  package static let postgresql = "postgresql"
  /// Who provides it, and the value.
  package static let provider = "provider"
  package static let postern = "postern"

  /// The name to log in with; also in the superuser's Secret.
  package static let username = "username"
  /// The password; also in the superuser's Secret.
  package static let password = "password"
  /// The host to connect to.
  package static let host = "host"
  /// The port to connect to.
  package static let port = "port"
  /// The first database that the user may use.
  package static let database = "database"
  /// A connection URI for that database.
  package static let uri = "uri"
  /// The same URI for the JDBC driver.
  package static let jdbcURI = "jdbc-uri"
  /// A line of a password file, valid for any database.
  package static let pgpass = "pgpass"
  /// A connection service file, with a service for each database, named like the database.
  package static let serviceFile = "pg_service.conf"
  /// How the client must use TLS, where that is declared.
  package static let sslMode = "sslmode"
  /// The path at which the client has the certificate of the server's authority, where that is declared.
  package static let sslRootCert = "sslrootcert"

  /// The URI for one database.
  /// - Parameter label: the database's name, made valid for a key.
  package static func uri(label: String) -> String { "uri.\(label)" }
  /// The same URI for the JDBC driver.
  package static func jdbcURI(label: String) -> String { "jdbc-uri.\(label)" }
  /// The database's name itself, for a client that is given the files of one database.
  package static func database(label: String) -> String { "database.\(label)" }

  /// Whether Postern writes a key of this name into a user's Secret, or once did.
  package static func isPosterns(_ key: String) -> Bool {
    choosable.contains(key) || key == serviceFile
      || [uri(label: ""), jdbcURI(label: ""), database(label: "")].contains { key.utf8.starts(with: $0.utf8) }
  }

  /// The keys that a connection may choose for variables. Those that name a database mean the connection's.
  package static let choosable = [
    username, password, host, port, database, uri, jdbcURI, pgpass, sslMode, sslRootCert, type, provider,
  ]
  /// The keys that a user's Secret has only where TLS is declared.
  package static let conditional = [sslMode, sslRootCert]
}
