import Contract
import DatabaseSpec
import Foundation
import LibPQ
import Provisioning
import ThrowawayPostgres

extension ProvisionerBench {
  /// Writes the declaration and the superuser's password into a volume.
  func fill(_ volume: SidecarVolume) throws {
    var files = [
      VolumeLayout.specFile: desired.spec.encoded(),
      VolumeLayout.passwordsFile: PasswordsFile(passwords: desired.passwords, logins: desired.logins).encoded(),
      VolumeLayout.adminPasswordFile: Array(server.password.utf8),
    ]
    for (file, sql) in desired.scripts { files[file] = Array(sql.utf8) }
    if let generation = desired.generation { files[VolumeLayout.generationFile] = Array(generation.utf8) }
    try volume.swap(files)
  }

  /// A volume that holds the declaration and the superuser's password.
  func volume() throws -> SidecarVolume {
    let volume = try SidecarVolume()
    try fill(volume)
    return volume
  }

  /// Whether some session waits for a lock.
  func isWaiting() throws -> Bool { try value("SELECT bool_or(NOT granted) FROM pg_locks") == "t" }
}

/// Waits until something is so, for at most a minute; whether it came to be.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
  let deadline = Date(timeIntervalSinceNow: 60)
  while try !condition() {
    guard Date() < deadline else { return false }
    Thread.sleep(forTimeInterval: 0.01)
  }
  return true
}
