/// The keys of the Secrets that Postern makes (servicebinding.io, "Provisioned Service"), and their type.
package enum SecretKey {
  /// `type` of a user's Secret.
  package static let userType = "servicebinding.io/postgresql"

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
}
