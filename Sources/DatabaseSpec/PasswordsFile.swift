import JSONBytes

/// `passwords.json`: each declared user's password for the sidecar, derived from the users' Secrets.
package struct PasswordsFile: Equatable, Sendable {
  /// By user. A declared user who is missing here keeps the password on the server.
  package var passwords: [PostgresName: Password]

  /// A file with these passwords.
  package init(passwords: [PostgresName: Password] = [:]) {
    self.passwords = passwords
  }

  /// The bytes of the file, users in order of name: `{"apiVersion": "postern.io/v1", "users": {NAME: PASSWORD}}`.
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
    writer.endObject()
    return writer.bytes
  }

  /// Reads what ``encoded()`` wrote, user by user. It builds no tree, because a tree would compare thousands of keys
  /// with one another. No error shows a password.
  package init(decoding bytes: [UInt8]) throws(SpecError) {
    let (version, users) = try Self.parts(of: bytes)
    guard version == InstanceSpec.apiVersion else { throw .version(version) }
    guard let users, users.kind == .object else { throw .missing("users", in: "passwords.json") }
    passwords = [:]
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

  private static func parts(of bytes: [UInt8]) throws(SpecError) -> (version: String?, users: JSONSlice?) {
    do throws(JSONError) {
      var version: String?
      var users: JSONSlice?
      var reader = JSONReader(bytes)
      try reader.beginObject()
      while let key = try reader.nextKey() {
        if reader.matches(key, "apiVersion"), try reader.peek() == .string {
          version = reader.text(try reader.string())
        } else {
          let value = try reader.value()
          if reader.matches(key, "users") { users = value }
        }
      }
      try reader.end()
      return (version, users)
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
}
