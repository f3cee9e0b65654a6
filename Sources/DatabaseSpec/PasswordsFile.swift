import JSONBytes

/// `passwords.json`: each declared user's password, as the sidecar gets it. Derived from the users' Secrets.
public struct PasswordsFile: Equatable, Sendable {
  /// By user. A declared user who is missing here keeps the password that the server has.
  public var passwords: [PostgresName: Password]

  /// A file of these passwords.
  public init(passwords: [PostgresName: Password] = [:]) {
    self.passwords = passwords
  }

  /// The bytes of the file, users in order of name: `{"apiVersion": "postern.io/v1", "users": {NAME: PASSWORD}}`.
  public func encoded() -> [UInt8] {
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

  /// Reads what ``encoded()`` wrote. No error shows a password.
  public init(decoding bytes: [UInt8]) throws(SpecError) {
    let root: JSONValue
    do throws(JSONError) { root = try JSONValue(parsing: bytes) } catch { throw .json(error) }
    guard root["apiVersion"]?.string == InstanceSpec.apiVersion else { throw .version(root["apiVersion"]?.string) }
    guard case .object(let users)? = root["users"] else { throw .missing("users", in: "passwords.json") }
    passwords = [:]
    for member in users.members {
      let name: PostgresName
      do throws(PostgresNameError) { name = try PostgresName(member.key) } catch {
        throw .invalid(member.key, in: "passwords.json users")
      }
      do throws(PasswordError) { passwords[name] = try Password(member.value.string ?? "") } catch {
        throw .invalid("a password that \(error.message)", in: "passwords.json users \(member.key)")
      }
    }
  }
}
