import Admission
import Contract
import DatabaseSpec
import Declarations
package import JSONBytes

/// The Service that `postern.io/service: make` asks for, in the form that server-side apply takes.
package struct DesiredService: Equatable, Sendable {
  /// `metadata.name`
  package let name: String
  /// The port of Postgres, which connection Secrets name.
  private let port: Int
  private let namespace: String
  private let customer: String
  private let owner: Instance.Workload
  private let selector: [String: String]
  /// Whether connection Secrets name one Pod, which only a headless Service gives a name.
  private let isHeadless: Bool

  /// Nil where none is asked for, or the host names none of this namespace.
  init?(_ instance: Instance) {
    guard instance.declaration.makesService, let host = instance.serviceHost else { return nil }
    name = host.service
    port = instance.port
    namespace = instance.namespace
    customer = instance.declaration.spec.customer
    owner = instance.workload
    selector = instance.podLabels.selector(customer: customer)
    isHeadless = host.isOfPod
  }

  /// Whether nothing must be written. Additions of others are left alone.
  package func isSatisfied(by live: LiveService) -> Bool {
    live.isManaged(for: customer) && owner.uid.map { live.owners.contains($0) } ?? true
      && live.facts.selector == selector
      && isInPlace(of: live) && live.facts.ports.contains(ServiceFacts.Port(number: port, target: port))
  }

  /// Whether it can be made out of the one that is there: whether a Service has an address is decided when it is made.
  package func isInPlace(of live: LiveService) -> Bool { live.facts.isHeadless == isHeadless }

  /// The manifest.
  /// - Parameter live: the Service as it was read; nil where there was none.
  package func manifest(over live: LiveService? = nil) -> JSONValue {
    var metadata = JSONObject()
    metadata["name"] = .string(name)
    metadata["namespace"] = .string(namespace)
    metadata["labels"] = DesiredObject.object([
      ObjectLabel.managedBy: ObjectLabel.manager, AnnotationKey.customerLabel: customer,
    ])
    if let reference = DesiredObject.reference(to: owner) { metadata["ownerReferences"] = .array([reference]) }
    if let live { metadata["resourceVersion"] = .string(live.resourceVersion) }
    var entry = JSONObject()
    entry["name"] = .string("postgres")
    entry["port"] = .number(String(port))
    entry["protocol"] = .string("TCP")
    entry["targetPort"] = .number(String(port))
    var spec = JSONObject()
    if isHeadless { spec["clusterIP"] = .string("None") }
    spec["selector"] = DesiredObject.object(selector)
    spec["ports"] = .array([.object(entry)])
    var root = JSONObject()
    root["apiVersion"] = .string("v1")
    root["kind"] = .string("Service")
    root["metadata"] = .object(metadata)
    root["spec"] = .object(spec)
    return .object(root)
  }
}
