import DatabaseSpec
import KubernetesAPI

/// How a client connects as one user to one database, in the spellings that clients read.
struct ConnectionText {
  let host: String
  let port: Int
  let database: PostgresName
  let user: PostgresName
  let password: Password

  /// A connection URI (PostgreSQL docs §34.1.1.2).
  var uri: String {
    "postgresql://\(PercentEncoding.encode(user.text)):\(PercentEncoding.encode(password.unredacted))@\(hostInURI):\(port)/"
      + PercentEncoding.encode(database.text)
  }

  /// A URL for the JDBC driver (pgJDBC docs, "Connecting to the Database").
  var jdbcURI: String {
    "jdbc:postgresql://\(hostInURI):\(port)/\(PercentEncoding.encode(database.text))"
      + "?user=\(PercentEncoding.encode(user.text))&password=\(PercentEncoding.encode(password.unredacted))"
  }

  /// A line of a password file (PostgreSQL docs §34.16), for any database.
  static func pgpass(host: String, port: Int, user: PostgresName, password: Password) -> String {
    "\(pgpassEscaped(host)):\(port):*:\(pgpassEscaped(user.text)):\(pgpassEscaped(password.unredacted))\n"
  }

  private var hostInURI: String { host.contains(":") ? "[\(host)]" : host }

  private static func pgpassEscaped(_ field: String) -> String {
    var escaped = String.UnicodeScalarView()
    for scalar in field.unicodeScalars {
      if scalar == ":" || scalar == "\\" { escaped.append("\\") }
      escaped.append(scalar)
    }
    return String(escaped)
  }
}
