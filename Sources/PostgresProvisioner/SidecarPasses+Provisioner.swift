import LibPQ
import Provisioning

extension SidecarPasses {
  /// Passes of a ``Provisioner``, which remember which passwords were found unchanged.
  package static func provisioner() -> SidecarPasses {
    let cache = VerifierCache()
    return SidecarPasses(
      pass: { desired, settings, control throws(PostgresError) in
        try Provisioner(settings: settings, cache: cache, control: control).pass(desired)
      },
      plan: { desired, settings throws(PostgresError) in
        try Provisioner(settings: settings, control: PassControl()).plan(desired)
      })
  }
}
