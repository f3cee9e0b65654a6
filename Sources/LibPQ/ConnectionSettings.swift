/// Where a server is, who logs in, and which settings the session has. Its description leaves out the password.
package struct ConnectionSettings: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
  /// Whether the connection is encrypted (PostgreSQL docs §34.1.2, `sslmode`).
  package enum SSLMode: String, Sendable {
    case disable, allow, prefer, require
    case verifyCA = "verify-ca"
    case verifyFull = "verify-full"
  }

  /// A run-time parameter set as the session starts, such as `search_path`.
  package struct RuntimeOption: Equatable, Sendable {
    /// The parameter's name.
    package var name: String
    /// Its value, unquoted.
    package var value: String

    /// The parameter `name` with `value`.
    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// A host name, an address, or the folder of a Unix socket.
  package var host: String
  /// The TCP port, or the number in the socket's name.
  package var port: Int
  /// The role that logs in.
  package var user: String
  /// Its password; nil for none.
  package var password: String?
  /// The database.
  package var database: String
  /// The name that `pg_stat_activity` shows.
  package var applicationName: String
  /// How many seconds an attempt to connect may take.
  package var connectTimeout: Int
  /// Whether the connection is encrypted.
  package var sslMode: SSLMode
  /// Run-time parameters that are set as the session starts.
  package var runtimeOptions: [RuntimeOption] = []

  /// Settings with these values. `sslMode` nil means `disable` for a server on this machine and `prefer` for others.
  package init(
    host: String = "127.0.0.1", port: Int = 5432, user: String, password: String? = nil, database: String = "postgres",
    applicationName: String = "postern", connectTimeout: Int = 10, sslMode: SSLMode? = nil
  ) {
    self.host = host
    self.port = port
    self.user = user
    self.password = password
    self.database = database
    self.applicationName = applicationName
    self.connectTimeout = connectTimeout
    self.sslMode = sslMode ?? (Self.isLocal(host) ? .disable : .prefer)
  }

  /// Whether a host name means this machine.
  package static func isLocal(_ host: String) -> Bool {
    host.utf8.starts(with: "127.".utf8) || host.utf8.starts(with: "/".utf8) || host == "::1" || host == "localhost"
  }

  /// The user, the address and the database, without the password.
  package var description: String {
    "\(user)@\(host):\(port)/\(database)\(password == nil ? "" : " (password redacted)")"
  }
  /// The same as ``description``.
  package var debugDescription: String { description }

  /// By which methods a server may ask who logs in (`require_auth`); docs/decisions/0014 says why these. Without
  /// `password`, libpq sends the password to nobody who asks for it in clear text.
  private static let acceptedAuthentication = "scram-sha-256,md5,none"

  /// libpq's keywords and values (PostgreSQL docs §34.1.2).
  var parameters: [(keyword: String, value: String)] {
    var parameters: [(keyword: String, value: String)] = [
      ("host", host), ("port", String(port)), ("user", user), ("dbname", database), ("sslmode", sslMode.rawValue),
      ("gssencmode", "disable"), ("client_encoding", "UTF8"), ("fallback_application_name", applicationName),
    ]
    if let password {
      parameters.append(("password", password))
    } else {
      // Without `passfile`, libpq would read ~/.pgpass. It silently ignores a path at which no file can be.
      parameters.append(("passfile", "/dev/null/none"))
    }
    if Connection.canRefuseAuthentication { parameters.append(("require_auth", Self.acceptedAuthentication)) }
    if !runtimeOptions.isEmpty { parameters.append(("options", startOptions)) }
    return parameters
  }

  /// `-c name=value` for each, with blanks and backslashes escaped by a backslash (`options` in the docs).
  private var startOptions: String {
    var text = ""
    for option in runtimeOptions {
      text += text.isEmpty ? "-c " : " -c "
      for scalar in "\(option.name)=\(option.value)".unicodeScalars {
        if scalar == "\\" || scalar == " " || ("\t"..."\r").contains(scalar) { text.unicodeScalars.append("\\") }
        text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}

#if !hasFeature(Embedded)
  extension ConnectionSettings: CustomReflectable {
    /// Nothing: `dump` must not show the password.
    package var customMirror: Mirror { Mirror(self, children: []) }
  }
#endif
