import DatabaseSpec
import Declarations

/// Where each user's password comes from: `passwordFrom`, the flat file, the user's own Secret (which may have been
/// edited), or else a new one.
struct UserPasswords {
  let declaration: Declaration
  let customer: String
  let flatFile: FlatFile?
  let sources: InstanceSources

  /// The password of every user who is to be there and whose password is to be had.
  func resolve(generate: () -> Password?, problems: inout [String]) -> [PostgresName: Password] {
    var passwords: [PostgresName: Password] = [:]
    let fromFile = Dictionary(
      (flatFile?.entries ?? []).map { ($0.user, $0.password) }, uniquingKeysWith: { _, last in last })
    for user in declaration.spec.users where user.ensure == .present {
      if let reference = declaration.passwordSources[user.name] {
        passwords[user.name] = referenced(reference, by: user.name, problems: &problems)
      } else if let password = fromFile[user.name] {
        passwords[user.name] = password
      } else {
        passwords[user.name] = own(user.name, problems: &problems, generate: generate)
      }
    }
    return passwords
  }

  private func referenced(_ reference: ObjectKey, by user: PostgresName, problems: inout [String]) -> Password? {
    switch sources.secret(reference) {
    case .failure(let missing):
      problems.append("user \(user.text): passwordFrom: \(missing.message)")
      return nil
    case .success(let value):
      return password(value, of: "user \(user.text): Secret \"\(reference.name)\" key \"\(reference.key)\"", &problems)
    }
  }

  private func own(_ user: PostgresName, problems: inout [String], generate: () -> Password?) -> Password? {
    let secret = ObjectName.user(user, customer: customer)
    guard let value = sources.secrets[secret]?["password"] else { return generate() }
    return password(value, of: "user \(user.text): Secret \"\(secret)\" key \"password\"", &problems)
  }

  private func password(_ value: [UInt8], of place: String, _ problems: inout [String]) -> Password? {
    do throws(PasswordError) {
      return try Password(secretValue: value)
    } catch {
      problems.append("\(place) \(error.message); the user keeps the password it has")
      return nil
    }
  }
}
