import Contract
import DatabaseSpec
import Declarations
import KubernetesAPI

/// How a client connects as one user to one database, in the formats that clients read.
struct ConnectionText {
  let host: String
  let port: Int
  let database: PostgresName
  let user: PostgresName
  let password: Password
  var tls = ClientTLS()

  /// A connection URI (PostgreSQL docs §34.1.1.2).
  var uri: String {
    "postgresql://\(PercentEncoding.encode(user.text)):\(PercentEncoding.encode(password.unredacted))@\(hostInURI):\(port)/"
      + PercentEncoding.encode(database.text) + Self.query(tls.parameters)
  }

  /// A URL for the JDBC driver (pgJDBC docs, "Connecting to the Database").
  var jdbcURI: String {
    "jdbc:postgresql://\(hostInURI):\(port)/\(PercentEncoding.encode(database.text))"
      + Self.query([("user", user.text), ("password", password.unredacted)] + tls.parametersOfJDBC)
  }

  /// A service in a connection service file (PostgreSQL docs §34.17), named like the database. Where such a file cannot hold
  /// it, a comment says why.
  var service: String {
    let members =
      [
        ("host", host), ("port", String(port)), ("dbname", database.text), ("user", user.text),
        ("password", password.unredacted),
      ] + tls.parameters
    guard ServiceFile.canName(database.text) else {
      return "# No service: a service file cannot hold the name of one of the databases.\n"
    }
    if let (name, _) = members.first(where: { !ServiceFile.canHold($0.0, $0.1) }) {
      return "# No service [\(database.text)]: a service file cannot hold its \(name), which is too long or has white "
        + "space at an end.\n"
    }
    return "[\(database.text)]\n" + members.map { "\($0.0)=\($0.1)\n" }.joined()
  }

  /// A line of a password file (PostgreSQL docs §34.16), for any database.
  static func pgpass(host: String, port: Int, user: PostgresName, password: Password) -> String {
    "\(pgpassEscaped(host)):\(port):*:\(pgpassEscaped(user.text)):\(pgpassEscaped(password.unredacted))\n"
  }

  private var hostInURI: String { host.contains(":") ? "[\(host)]" : host }

  private static func query(_ parameters: [(String, String)]) -> String {
    guard !parameters.isEmpty else { return "" }
    return "?" + parameters.map { "\($0.0)=\(PercentEncoding.encode($0.1))" }.joined(separator: "&")
  }

  private static func pgpassEscaped(_ field: String) -> String {
    var escaped = String.UnicodeScalarView()
    for scalar in field.unicodeScalars {
      if scalar == ":" || scalar == "\\" { escaped.append("\\") }
      escaped.append(scalar)
    }
    return String(escaped)
  }
}

extension ClientTLS {
  /// The settings with libpq's names.
  var parameters: [(String, String)] {
    [(SecretKey.sslMode, mode?.rawValue), (SecretKey.sslRootCert, rootCert)].compactMap { name, value in
      value.map { (name, $0) }
    }
  }

  /// The settings for the JDBC driver, which has a class for the system's authorities (pgJDBC docs, "Using SSL").
  var parametersOfJDBC: [(String, String)] {
    parameters.map { name, value in
      name == SecretKey.sslRootCert && value == Self.systemRoots
        ? ("sslfactory", "org.postgresql.ssl.DefaultJavaSSLFactory") : (name, value)
    }
  }
}
