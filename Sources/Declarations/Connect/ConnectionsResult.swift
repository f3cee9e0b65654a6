import Contract

/// The connections of a Pod, or all errors in them.
package struct ConnectionsResult: Equatable, Sendable {
  /// The connections that could be read.
  package private(set) var connections: [DeclaredConnection]
  /// All errors, by line. If there is one, nothing may be added to the Pod.
  package private(set) var errors: [DeclarationProblem]

  /// Reads a Pod's connections.
  /// - Parameters:
  ///   - customer: the value of the label `postern.io/connect`.
  ///   - text: the annotation `postern.io/connections`; nil where it is missing.
  ///   - others: the Pod's other annotations, of which one may be a misspelt `postern.io/connections`.
  package init(customer: String, _ text: String?, others: some Sequence<String> = []) {
    var reader = DeclarationReader()
    reader.checkConnectLabel(customer)
    if let text {
      connections = reader.connections(text, customer: customer)
    } else {
      connections = []
      reader.refuseMissingConnections(besides: others)
    }
    errors = reader.problems.errors
  }
}
