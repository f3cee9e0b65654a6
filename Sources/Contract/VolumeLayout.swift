/// The files in the volume that is mounted into the sidecar. The webhook mounts it, the controller fills it, and the
/// sidecar reads it.
package enum VolumeLayout {
  /// The version of both files' format: the one that is written, and the only one that is read.
  package static let apiVersion = "postern.io/v1"
  /// The version of a `spec.json` that renames something. A sidecar that does not know `renamedFrom` would make an
  /// empty database of the new name, and lock the user of the old one; so it is to refuse the file.
  package static let renamingVersion = "\(apiVersion).1"
  /// The version of a `spec.json` in which a user has two logins. A sidecar that does not know `rotate` would take the
  /// second login for a user that is no longer declared, and lock it, while applications use it; so it is to refuse the
  /// file.
  package static let rotatingVersion = "\(apiVersion).2"
  /// The path at which the sidecar has it.
  package static let mountPath = "/etc/postern"
  /// What the instance holds, as `InstanceSpec.encoded()` writes it.
  package static let specFile = "spec.json"
  /// The users' passwords, as `PasswordsFile.encoded()` writes them.
  package static let passwordsFile = "passwords.json"
  /// The token that a client must send to read the sidecar's whole status: ``StatusPort``.
  package static let statusTokenFile = "status-token"
  /// A random text that changes whenever the Secret's other contents change. By it the controller learns which contents
  /// the sidecar has, without any information about the passwords.
  package static let generationFile = "generation"
  /// The superuser's name. Without this file, the sidecar takes `POSTERN_ADMIN_USER`, else `postgres`.
  package static let adminUsernameFile = "admin/username"
  /// The superuser's password. Without this file, the sidecar logs in over loopback without a password.
  package static let adminPasswordFile = "admin/password"

  /// How many objects may be mounted as candidates for the superuser's name or password, when it is not known which of
  /// them holds it.
  package static let maximumCandidates = 16
  /// The file of each candidate. The sidecar takes the last that exists, as the kubelet takes the last of `envFrom`.
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
