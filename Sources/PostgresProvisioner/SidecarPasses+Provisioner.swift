import LibPQ
import LogLine
import Provisioning

extension SidecarPasses {
  /// Passes of a ``Provisioner``, which remember which passwords were found unchanged.
  package static func provisioner() -> SidecarPasses {
    let cache = VerifierCache()
    return SidecarPasses(
      pass: { desired, settings, loggedIn, log, shouldStop throws(PostgresError) in
        try Provisioner(settings: settings, cache: cache, log: log, shouldStop: shouldStop)
          .pass(desired, loggedIn: loggedIn)
      },
      plan: { desired, settings throws(PostgresError) in
        try Provisioner(settings: settings, log: { _, _, _ in }, shouldStop: { false }).plan(desired)
      })
  }
}
