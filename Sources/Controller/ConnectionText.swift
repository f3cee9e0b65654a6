import DatabaseSpec

/// How a client connects as one user to one database, in the spellings that clients read.
struct ConnectionText {
  let host: String
  let port: Int
  let database: PostgresName
  let user: PostgresName
  let password: Password

  /// A connection URI (PostgreSQL docs §34.1.1.2).
  var uri: String {
    "postgresql://\(Self.percentEncoded(user.text)):\(Self.percentEncoded(password.unredacted))@\(hostInURI):\(port)/"
      + Self.percentEncoded(database.text)
  }

  /// A URL for the JDBC driver (pgJDBC docs, "Connecting to the Database").
  var jdbcURI: String {
    "jdbc:postgresql://\(hostInURI):\(port)/\(Self.percentEncoded(database.text))"
      + "?user=\(Self.percentEncoded(user.text))&password=\(Self.percentEncoded(password.unredacted))"
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

  /// All but the unreserved characters as `%XX` (RFC 3986 §2.3).
  static func percentEncoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        bytes.append(byte)
      default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
