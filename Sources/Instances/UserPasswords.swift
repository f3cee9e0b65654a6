import Admission
import Contract
import DatabaseSpec
import Declarations

/// Where each user's password comes from: `passwordFrom`; the flat file; the user's own Secret, which may have been
/// edited; the mounted Secret, if the user's own was deleted; or else a new one. Where the source is missing, the
/// mounted password stays.
struct UserPasswords {
  let declaration: Declaration
  let customer: String
  let namespace: String
  let flatFile: FlatFile?
  let sources: InstanceSources

  /// The passwords of all users who must exist and whose password is available, and the rotations of those whose
  /// password turns.
  func resolve(
    generate: () -> Password?, problems: inout [InstanceProblem]
  ) -> (passwords: [PostgresName: Password], rotations: [UserRotation]) {
    var rotations: [UserRotation] = []
    var passwords: [PostgresName: Password] = [:]
    let fromFile = Dictionary(
      (flatFile?.entries ?? []).map { ($0.user, $0.password) }, uniquingKeysWith: { _, last in last })
    for user in declaration.spec.users where user.ensure == .present {
      if let reference = declaration.passwordSources[user.name] {
        passwords[user.name] = referenced(reference, by: user.name, problems: &problems)
      } else if let password = fromFile[user.name] {
        passwords[user.name] = password
      } else if let rotation = rotation(of: user, problems: &problems, generate: generate) {
        rotations.append(rotation)
        passwords[user.name] = rotation.decision.told.password
      } else {
        passwords[user.name] = own(user, problems: &problems, generate: generate)
      }
    }
    return (passwords, rotations)
  }

  private func referenced(
    _ reference: ObjectKey, by user: PostgresName, problems: inout [InstanceProblem]
  ) -> Password? {
    switch sources.secret(reference) {
    case .failure(let missing):
      problems.append(
        InstanceProblem(reason: missing.reason, message: "user \(user.text): passwordFrom: \(missing.message)"))
      return sources.mounted.passwords[user]
    case .success(let value):
      return password(value, of: user, in: reference, &problems)
    }
  }

  private func own(
    _ user: User, problems: inout [InstanceProblem], generate: () -> Password?
  ) -> Password? {
    let name = user.name
    let secret = ObjectName.user(name, customer: customer)
    // The password of a second login is another user's. Its name can be declared before it is given up.
    let mounted = sources.mounted.secondLogins.contains(name) ? nil : sources.mounted.passwords[name]
    let known = mounted ?? former(user.renamedFrom)
    guard sources.keepsPasswords(in: secret) else { return known }
    guard let value = sources.secrets[secret]?[SecretKey.password] else { return known ?? generate() }
    return password(value, of: name, in: ObjectKey(name: secret, key: SecretKey.password), &problems)
  }

  /// The password of a user who is renamed stays what it was.
  private func former(_ user: PostgresName?) -> Password? {
    guard let user else { return nil }
    let secret = ObjectName.user(user, customer: customer)
    let value = sources.taken.contains(secret) ? nil : sources.secrets[secret]?[SecretKey.password]
    return value.flatMap { try? Password(secretValue: $0) } ?? sources.mounted.passwords[user]
  }

  private func password(
    _ value: [UInt8], of user: PostgresName, in source: ObjectKey, _ problems: inout [InstanceProblem]
  ) -> Password? {
    valid(value, of: user, in: source, &problems) ?? sources.mounted.passwords[user]
  }

  /// The password, if it can be one. If not, a problem says so.
  func valid(
    _ value: [UInt8], of user: PostgresName, in source: ObjectKey, _ problems: inout [InstanceProblem]
  ) -> Password? {
    var reason = "holds a line break"
    do throws(PasswordError) {
      let password = try Password(secretValue: value)
      if !password.unredacted.utf8.contains(where: { $0 == 0x0A || $0 == 0x0D }) { return password }
    } catch { reason = error.message }
    problems.append(
      InstanceProblem(
        reason: .invalidDeclaration,
        message: "user \(user.text): Secret \"\(source.name)\" key \"\(source.key)\" \(reason); "
          + "the user keeps the password it has"))
    return nil
  }
}
