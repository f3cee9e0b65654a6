package import DatabaseSpec

/// Everything that the mounted files contain, read at the same time.
package struct DesiredState: Equatable, Sendable {
  /// The declaration; each script's content is a `.file`.
  package var spec: InstanceSpec
  /// SHA-256 of `spec.json`, in lower-case hexadecimal. The status reports it as applied.
  package var specHash: String
  /// By role: a user whose password turns has two. A role without an entry keeps the password on the server.
  package var passwords: [PostgresName: Password]
  /// The logins of the users whose passwords turn. Where one is missing, both logins stay as they are.
  package var logins: [PostgresName: LoginState] = [:]
  /// ``VolumeLayout/generationFile``; nil where an older controller has filled the volume.
  package var generation: String?
  /// The scripts' texts, by file name.
  package var scripts: [String: String]
  /// The password that the superuser must have; nil where it is not known. Then it is left alone.
  package var adminPassword: Password?

  /// A state with these values.
  package init(
    spec: InstanceSpec, specHash: String, passwords: [PostgresName: Password] = [:], scripts: [String: String] = [:],
    adminPassword: Password? = nil
  ) {
    self.spec = spec
    self.specHash = specHash
    self.passwords = passwords
    self.scripts = scripts
    self.adminPassword = adminPassword
  }

  /// The state that mounted files declare.
  package init(
    spec: InstanceSpec, specHash: String, file: PasswordsFile, scripts: [String: String] = [:],
    adminPassword: Password? = nil
  ) {
    self.init(
      spec: spec, specHash: specHash, passwords: file.passwords, scripts: scripts, adminPassword: adminPassword)
    logins = file.logins
  }

  /// The role that a user logs in as now, and that role's password.
  package func login(of user: PostgresName) -> (role: PostgresName, password: Password?) {
    let role = logins[user]?.isSecond == true ? user.secondLogin ?? user : user
    return (role, passwords[role])
  }
}
