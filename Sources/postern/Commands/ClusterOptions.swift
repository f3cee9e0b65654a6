import ArgumentParser

/// Which cluster and which namespace, with the flags that kubectl has.
struct ClusterOptions: ParsableArguments {
  @Option(help: ArgumentHelp("How to reach the cluster. (default: as kubectl does)", valueName: "file"))
  var kubeconfig: String?

  @Option(help: "The kubeconfig's context. (default: the current one)")
  var context: String?

  @Option(name: .shortAndLong, help: "The namespace. (default: the context's; of check: all)")
  var namespace: String?

  @Flag(name: [.customShort("A"), .long], help: "Look at all namespaces.")
  var allNamespaces = false

  /// Whether one of them is given.
  var isChosen: Bool { choosesCluster || namespace != nil }

  /// Whether one is given that means nothing without a cluster.
  var choosesCluster: Bool { kubeconfig != nil || context != nil || allNamespaces }

  /// - Parameters:
  ///   - own: the namespace where none is given; nil: the context's.
  ///   - isEverywhere: whether all namespaces are looked at where none is named.
  func access(
    _ console: Console, in own: String? = nil, isEverywhere: Bool = false
  ) throws(CommandError) -> ClusterAccess {
    try ClusterAccess(
      kubeconfig: kubeconfig, context: context, namespace: namespace ?? own,
      isEverywhere: allNamespaces || (isEverywhere && namespace == nil), console: console)
  }

  /// The customers whose names begin so, in the cluster and namespace that the words of a command choose.
  static func customers(beginning start: String, words: [String]) async -> [String] {
    guard let options = try? parse(split(words[...]).options), let access = try? options.access(Console()) else {
      return []
    }
    return await CustomerNames.beginning(with: start, in: access)
  }

  /// The words that are none of these options.
  static func rest(of words: ArraySlice<String>) -> [String] { split(words).rest }

  private static func split(_ words: ArraySlice<String>) -> (options: [String], rest: [String]) {
    var (options, others): ([String], [String]) = ([], [])
    var rest = words
    while let word = rest.popFirst() {
      if ["-n", "--namespace", "--kubeconfig", "--context"].contains(word), let value = rest.popFirst() {
        options += [word, value]
      } else if ["-A", "--all-namespaces"].contains(word)
        || ["--namespace=", "--kubeconfig=", "--context="].contains(where: word.hasPrefix)
      {
        options.append(word)
      } else {
        others.append(word)
      }
    }
    return (options, others)
  }
}
