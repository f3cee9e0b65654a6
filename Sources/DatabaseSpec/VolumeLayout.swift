/// What the sidecar finds in the volume that is mounted for it: agreed on by the webhook, which mounts it, the
/// controller, which fills it, and the sidecar, which reads it.
public enum VolumeLayout {
  /// Where it is mounted in the sidecar.
  public static let mountPath = "/etc/postern"
  /// ``InstanceSpec/encoded()``.
  public static let specFile = "spec.json"
  /// ``PasswordsFile/encoded()``.
  public static let passwordsFile = "passwords.json"
  /// The superuser's name; where it is not there, `POSTERN_ADMIN_USER`, else `postgres`.
  public static let adminUsernameFile = "admin/username"
  /// The superuser's password; where it is not there, the login over loopback goes without.
  public static let adminPasswordFile = "admin/password"

  /// The file that holds a script's text, by the SHA-256 of its bytes in hexadecimal.
  public static func scriptFile(sha256: String) -> String {
    "script-\(sha256.prefix(16)).sql"
  }
}
