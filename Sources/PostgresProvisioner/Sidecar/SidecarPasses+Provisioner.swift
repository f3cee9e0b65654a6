import LibPQ

extension SidecarPasses {
  /// Passes of a ``Provisioner``, which remember which passwords were found unchanged, and what is in databases.
  package static func provisioner() -> SidecarPasses {
    let cache = VerifierCache()
    let known = ContentsCache()
    return SidecarPasses(
      pass: { desired, settings, control throws(PostgresError) in
        try Provisioner(settings: settings, cache: cache, known: known, control: control).pass(desired)
      },
      plan: { desired, settings throws(PostgresError) in
        try Provisioner(settings: settings, control: PassControl()).plan(desired)
      })
  }
}
