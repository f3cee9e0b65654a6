import Contract
import DatabaseSpec
import Foundation

/// The superuser that the sidecar will log in as. The throwaway server is created with the same name and password.
struct TrialAdmin: Equatable {
  let user: String
  let password: String?

  init(layout: LocalKubelet.Layout) {
    func file(_ path: String?) -> String? {
      guard let path, let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
      let value = text.hasSuffix("\n") ? String(text.dropLast()) : text
      return value.isEmpty ? nil : value
    }
    let volume = layout.local(VolumeLayout.mountPath) ?? ""
    let environment = layout.environment
    user =
      file(environment[SidecarVariable.adminUserFile]) ?? environment[SidecarVariable.adminUser]
      ?? file("\(volume)/\(VolumeLayout.adminUsernameFile)") ?? "postgres"
    password =
      file(environment[SidecarVariable.adminPasswordFile]) ?? file("\(volume)/\(VolumeLayout.adminPasswordFile)")
  }
}
