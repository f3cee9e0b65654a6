package import DatabaseSpec

/// All that the mounted files say, read at one moment.
package struct DesiredState: Equatable, Sendable {
  /// The declaration; each script's content is a `.file`.
  package var spec: InstanceSpec
  /// SHA-256 of `spec.json`, in lower-case hexadecimal: what the status reports as applied.
  package var specHash: String
  /// By user; a declared user without an entry keeps the password that the server has.
  package var passwords: [PostgresName: Password]
  /// The scripts' texts, by file name.
  package var scripts: [String: String]
  /// The password that the superuser is to have; nil where it is not known, and then left alone.
  package var adminPassword: Password?

  /// A state of these parts.
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
}
