/// What the webhook adds to a Pod that connects to a customer's database (servicebinding.io, "Workload Projection").
package enum ServiceBinding {
  /// The variable that names the folder of all bindings.
  package static let rootVariable = "SERVICE_BINDING_ROOT"
  /// Its value, where a container has none. Each connection has a folder below it.
  package static let root = "/bindings"
  /// The names of the volumes begin with it; the connection's number follows.
  package static let volumePrefix = "postern-connect-"
  /// The init container that waits until the databases take their logins.
  package static let waitContainer = "postern-wait"
  /// The arguments with which that container runs ``SidecarContainer/program``; folders follow.
  package static let waitArguments = ["wait"]
  /// The value of the annotation `postern.io/connected`: the version of what is added.
  package static let mark = "v1"
}
