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
    let labels = [ObjectLabel.managedBy: ObjectLabel.manager, AnnotationKey.customerLabel: customer]
    let metadata = JSONValue.members([
      ("name", .string(name)), ("namespace", .string(namespace)), ("labels", DesiredObject.object(labels)),
      ("ownerReferences", DesiredObject.reference(to: owner).map { .array([$0]) }),
      ("resourceVersion", live.map { .string($0.resourceVersion) }),
    ])
    let entry = JSONValue.members([
      ("name", .string("postgres")), ("port", .integer(port)), ("protocol", .string("TCP")),
      ("targetPort", .integer(port)),
    ])
    let spec = JSONValue.members([
      ("clusterIP", isHeadless ? .string("None") : nil), ("selector", DesiredObject.object(selector)),
      ("ports", .array([entry])),
    ])
    return .members([
      ("apiVersion", .string("v1")), ("kind", .string("Service")), ("metadata", metadata), ("spec", spec),
    ])
  }
}
