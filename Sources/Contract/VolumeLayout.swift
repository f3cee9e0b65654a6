/// What the sidecar finds in the volume that is mounted for it: agreed on by the webhook, which mounts it, the
/// controller, which fills it, and the sidecar, which reads it.
package enum VolumeLayout {
  /// The version of both files' form: the one that is written, and the only one that is read.
  package static let apiVersion = "postern.io/v1"
  /// Where it is mounted in the sidecar.
  package static let mountPath = "/etc/postern"
  /// What the instance holds, as `InstanceSpec.encoded()` writes it.
  package static let specFile = "spec.json"
  /// The users' passwords, as `PasswordsFile.encoded()` writes them.
  package static let passwordsFile = "passwords.json"
  /// The superuser's name; where it is not there, `POSTERN_ADMIN_USER`, else `postgres`.
  package static let adminUsernameFile = "admin/username"
  /// The superuser's password; where it is not there, the login over loopback goes without.
  package static let adminPasswordFile = "admin/password"

  /// How many objects may hold the superuser's name or password, of which it is not known which does.
  package static let maximumCandidates = 16
  /// Where each of them is put: the sidecar takes the last that is there, as the kubelet takes the last of `envFrom`.
  package static func adminUsernameFile(candidate: Int) -> String {
    candidate == 0 ? adminUsernameFile : "\(adminUsernameFile).\(candidate)"
  }
  /// The same for the password.
  package static func adminPasswordFile(candidate: Int) -> String {
    candidate == 0 ? adminPasswordFile : "\(adminPasswordFile).\(candidate)"
  }

  /// The file that holds a script's text, by the SHA-256 of its bytes in hexadecimal.
  package static func scriptFile(sha256: String) -> String {
    "script-\(sha256.prefix(16)).sql"
  }
}
