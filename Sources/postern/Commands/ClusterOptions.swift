import ArgumentParser

/// Which cluster and which namespace, with the flags that kubectl has.
struct ClusterOptions: ParsableArguments {
  @Option(help: ArgumentHelp("How to reach the cluster. (default: as kubectl does)", valueName: "file"))
  var kubeconfig: String?

  @Option(help: "The kubeconfig's context. (default: the current one)")
  var context: String?

  @Option(name: .shortAndLong, help: "The namespace. (default: the context's)")
  var namespace: String?

  @Flag(name: [.customShort("A"), .long], help: "Look at all namespaces.")
  var allNamespaces = false

  /// - Parameter isEverywhere: whether all namespaces are looked at where none is named.
  func access(_ console: Console, isEverywhere: Bool = false) throws(CommandError) -> ClusterAccess {
    try ClusterAccess(
      kubeconfig: kubeconfig, context: context, namespace: namespace,
      isEverywhere: allNamespaces || (isEverywhere && namespace == nil), console: console)
  }
}
