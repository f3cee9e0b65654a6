public import DatabaseSpec

/// All that the mounted files say, read at one moment.
public struct DesiredState: Equatable, Sendable {
  /// The declaration; each script's content is a `.file`.
  public var spec: InstanceSpec
  /// SHA-256 of `spec.json`, in lower-case hexadecimal: what the status reports as applied.
  public var specHash: String
  /// By user; a declared user without an entry keeps the password that the server has.
  public var passwords: [PostgresName: Password]
  /// The scripts' texts, by file name.
  public var scripts: [String: String]
  /// The password that the superuser is to have; nil where it is not known, and then left alone.
  public var adminPassword: Password?

  /// A state of these parts.
  public init(
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
