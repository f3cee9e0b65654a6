import JSONBytes

/// `passwords.json`: each declared user's password for the sidecar, derived from the users' Secrets.
package struct PasswordsFile: Equatable, Sendable {
  /// By role: of a user whose password turns, each login has its own. A declared user who is missing here keeps the
  /// password on the server.
  package var passwords: [PostgresName: Password]
  /// The logins of the users whose passwords turn. Where one is missing, nobody knows which login is used.
  package var logins: [PostgresName: LoginState]

  /// A file with these passwords.
  package init(passwords: [PostgresName: Password] = [:], logins: [PostgresName: LoginState] = [:]) {
    self.passwords = passwords
    self.logins = logins
  }

  /// The bytes of the file, users in order of name: `{"apiVersion": "postern.io/v1", "users": {NAME: PASSWORD}}`, and
  /// `"logins": {NAME: {"second": true, "until": TIME}}` where a password turns.
  package func encoded() -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("apiVersion", InstanceSpec.apiVersion)
    writer.key("users")
    writer.beginObject()
    for (name, password) in passwords.sorted(by: { $0.key < $1.key }) {
      writer.member(name.text, password.unredacted)
    }
    writer.endObject()
    if !logins.isEmpty {
      writer.key("logins")
      writer.beginObject()
      for (name, login) in logins.sorted(by: { $0.key < $1.key }) {
        writer.key(name.text)
        login.write(to: &writer)
      }
      writer.endObject()
    }
    writer.endObject()
    return writer.bytes
  }

  /// Reads what ``encoded()`` wrote, user by user. It builds no tree, because a tree would compare thousands of keys
  /// with one another. No error shows a password.
  package init(decoding bytes: [UInt8]) throws(SpecError) {
    let (version, users, logins) = try Self.parts(of: bytes)
    guard version == InstanceSpec.apiVersion else { throw .version(version) }
    guard let users, users.kind == .object else { throw .missing("users", in: "passwords.json") }
    passwords = [:]
    self.logins = [:]
    if let logins {
      do throws(JSONError) { try readLogins(JSONReader(logins, of: bytes)) } catch { throw .json(error) }
    }
    var reader = JSONReader(users, of: bytes)
    do throws(JSONError) { try reader.beginObject() } catch { throw .json(error) }
    while let (user, password) = try Self.nextUser(&reader) {
      let name: PostgresName
      do throws(PostgresNameError) { name = try PostgresName(user) } catch {
        throw .invalid(user, in: "passwords.json users")
      }
      do throws(PasswordError) { passwords[name] = try Password(password) } catch {
        throw .invalid("a password that \(error.message)", in: "passwords.json users \(user)")
      }
    }
  }

  private static func parts(
    of bytes: [UInt8]
  ) throws(SpecError) -> (version: String?, users: JSONSlice?, logins: JSONSlice?) {
    do throws(JSONError) {
      var version: String?
      var users: JSONSlice?
      var logins: JSONSlice?
      var reader = JSONReader(bytes)
      try reader.beginObject()
      while let key = try reader.nextKey() {
        if reader.matches(key, "apiVersion"), try reader.peek() == .string {
          version = reader.text(try reader.string())
        } else {
          let value = try reader.value()
          if reader.matches(key, "users") { users = value }
          if reader.matches(key, "logins") { logins = value }
        }
      }
      try reader.end()
      return (version, users, logins)
    } catch { throw .json(error) }
  }

  /// A user's name and password. The password is empty where there is none.
  private static func nextUser(_ reader: inout JSONReader) throws(SpecError) -> (name: String, password: String)? {
    do throws(JSONError) {
      guard let key = try reader.nextKey() else { return nil }
      guard try reader.peek() == .string else {
        try reader.skip()
        return (reader.text(key), "")
      }
      return (reader.text(key), reader.text(try reader.string()))
    } catch { throw .json(error) }
  }

  /// A state that cannot be read counts as missing: then the logins stay as they are.
  private mutating func readLogins(_ slice: JSONReader) throws(JSONError) {
    var reader = slice
    guard try reader.peek() == .object else { return }
    try reader.beginObject()
    while let key = try reader.nextKey() {
      let name: PostgresName?
      do throws(PostgresNameError) { name = try PostgresName(reader.text(key)) } catch { name = nil }
      let state = try LoginState(&reader)
      if let name { logins[name] = state }
    }
  }
}

extension LoginState {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("second", isSecond)
    switch other {
    case .idle: break
    case .pending: writer.member("pending", true)
    case .until(let time): writer.member("until", time.rfc3339)
    }
    writer.endObject()
  }

  /// Nil where the value is something else.
  fileprivate init?(_ reader: inout JSONReader) throws(JSONError) {
    guard try reader.peek() == .object else {
      try reader.skip()
      return nil
    }
    var (isSecond, isPending, until, isReadable) = (Bool?.none, false, Timestamp?.none, true)
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "second"), try reader.peek() == .bool {
        isSecond = try reader.bool()
      } else if reader.matches(key, "pending"), try reader.peek() == .bool {
        isPending = try reader.bool()
      } else if reader.matches(key, "until"), try reader.peek() == .string {
        until = Timestamp(rfc3339: reader.text(try reader.string()))
        isReadable = until != nil
      } else {
        try reader.skip()
      }
    }
    guard let isSecond, isReadable else { return nil }
    self.init(isSecond: isSecond, other: until.map { .until($0) } ?? (isPending ? .pending : .idle))
  }
}
