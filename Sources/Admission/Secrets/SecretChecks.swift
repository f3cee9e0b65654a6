import Contract
import DatabaseSpec
import Declarations
import KubernetesAPI

/// Checks a Secret from which Postern takes values. A value that an update leaves unchanged is not checked again. No
/// message contains a value or a part of one.
struct SecretChecks {
  private(set) var findings = Findings()

  private let name: String
  private let data: SecretData
  private let oldData: SecretData?

  /// - Parameter oldData: the data that an update replaces.
  init(_ name: String, uses: [SecretUse], data: SecretData, replacing oldData: SecretData?) {
    self.name = name
    self.data = data
    self.oldData = oldData
    for use in uses { check(use) }
  }

  private mutating func check(_ use: SecretUse) {
    for key in use.keys {
      guard oldData == nil || oldData?[key] != data[key] else { continue }
      switch data[key] {
      case nil:
        refuse(key, "is missing; Postern takes \(use.purpose(of: key)) from it: add the key", .valueRequired)
      case .notBase64: refuse(key, "is no base64; encode the value, or write it as it is under stringData")
      case .bytes(let bytes): check(bytes, of: key, use)
      }
    }
  }

  private mutating func check(_ bytes: [UInt8], of key: String, _ use: SecretUse) {
    switch use {
    case .admin where key == SecretKey.username: checkName(bytes, key)
    case .admin, .password: checkPassword(bytes, key)
    case .flatFile: checkFlatFile(bytes, key)
    case .script(_, let script, let isTransaction): checkScript(bytes, key, script, isTransaction: isTransaction)
    }
  }

  /// The readers of the value drop one newline at the end, because `kubectl create secret --from-file` leaves it there.
  private mutating func line(_ bytes: [UInt8], _ key: String, _ what: String) -> ArraySlice<UInt8>? {
    let line = bytes.last == 0x0A ? bytes.dropLast() : bytes[...]
    guard !line.contains(where: { $0 == 0x0A || $0 == 0x0D }) else {
      refuse(key, "\(what) holds a line break; write it on one line")
      return nil
    }
    if line.count < bytes.count, !line.isEmpty {
      findings.warn("Secret \"\(name)\", \(key): the newline at its end is not taken for a part of it")
    }
    return line
  }

  private mutating func checkPassword(_ bytes: [UInt8], _ key: String) {
    guard let line = line(bytes, key, "the password") else { return }
    do throws(PasswordError) { _ = try Password(secretValue: line) } catch {
      refuse(key, "the password \(error.message); write one of at least one character, as UTF-8")
    }
  }

  private mutating func checkName(_ bytes: [UInt8], _ key: String) {
    guard let line = line(bytes, key, "the superuser's name") else { return }
    guard let text = String(validating: line, as: UTF8.self) else {
      return refuse(key, "the superuser's name is not UTF-8; save it as UTF-8")
    }
    do throws(PostgresNameError) { _ = try PostgresName(text) } catch {
      refuse(key, "the superuser's name \(error.message); write the name of a role of this Postgres")
    }
  }

  private mutating func checkFlatFile(_ bytes: [UInt8], _ key: String) {
    let source = ObjectKey(name: name, key: key)
    let (file, problems, warnings) = FlatFile.parse(bytes, source: source)
    for problem in problems { refuse(key, problem.withoutPlace) }
    findings.warnings += warnings.map(\.message)
    guard let file, case .bytes(let oldBytes)? = oldData?[key] else { return }
    let users = Set(file.entries.map(\.user))
    let gone = FlatFile.parse(oldBytes, source: source).file?.entries.count { !users.contains($0.user) } ?? 0
    guard gone > 0 else { return }
    // The names are not shown, because the text before a line's first colon may be part of a password.
    findings.warn(
      "\(gone == 1 ? "1 user is" : "\(gone) users are") gone from \(name)/\(key); \(AnnotationKey.removedUsers) says "
        + "what becomes of \(gone == 1 ? "it" : "them")")
  }

  private mutating func checkScript(_ bytes: [UInt8], _ key: String, _ script: String, isTransaction: Bool) {
    guard let sql = String(validating: bytes, as: UTF8.self) else {
      return refuse(key, "script \(quoted(script)) is not UTF-8; save it as UTF-8")
    }
    findings += ScriptChecks(secret: sql, named: script, isTransaction: isTransaction, field: "data[\(key)]").findings
  }

  private mutating func refuse(_ key: String, _ message: String, _ reason: StatusCause.Reason = .valueInvalid) {
    findings.refuse("data[\(key)]", message, reason)
  }
}

extension SecretUse {
  fileprivate func purpose(of key: String) -> String {
    switch self {
    case .password: "a user's password"
    case .admin: key == SecretKey.username ? "the superuser's name" : "the superuser's password"
    case .flatFile: "the users of \(AnnotationKey.usersFrom)"
    case .script(_, let name, _): "the script \(quoted(name))"
    }
  }
}
