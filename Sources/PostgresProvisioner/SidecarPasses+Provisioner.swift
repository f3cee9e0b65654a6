import LibPQ
import Provisioning

extension SidecarPasses {
  /// Passes of a ``Provisioner``. It is kept for as long as the login stays the same, since it remembers which
  /// passwords it has found unchanged.
  public static func provisioner() -> SidecarPasses {
    let kept = KeptProvisioner()
    return SidecarPasses(
      pass: { desired, settings, loggedIn, log, shouldStop throws(PostgresError) in
        try kept.provisioner(settings, log, shouldStop).pass(desired, loggedIn: loggedIn)
      },
      plan: { desired, settings throws(PostgresError) in
        try Provisioner(settings: settings, log: { _, _, _ in }, shouldStop: { false }).plan(desired)
      })
  }
}

/// The provisioner of the last pass, with the login that it was made for.
private final class KeptProvisioner {
  private var login: [UInt8] = []
  private var provisioner: Provisioner?

  func provisioner(
    _ settings: ConnectionSettings, _ log: @escaping Log, _ shouldStop: @escaping () -> Bool
  ) -> Provisioner {
    let login = Array(settings.user.utf8) + [0] + Array((settings.password ?? "").utf8)
    if let provisioner, login == self.login { return provisioner }
    let made = Provisioner(settings: settings, log: log, shouldStop: shouldStop)
    provisioner = made
    self.login = login
    return made
  }
}
