package import DatabaseSpec

/// Everything that the mounted files contain, read at the same time.
package struct DesiredState: Equatable, Sendable {
  /// The declaration; each script's content is a `.file`.
  package var spec: InstanceSpec
  /// SHA-256 of `spec.json`, in lower-case hexadecimal. The status reports it as applied.
  package var specHash: String
  /// By user. A declared user without an entry keeps the password on the server.
  package var passwords: [PostgresName: Password]
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
}
