import Admission
import Contract
import DatabaseSpec
import Declarations
import JSONBytes
import KubernetesAPI

/// What the list keeps of a workload, or of a Pod that no workload has made: little, for there may be ten thousand.
struct SeenWorkload: Sendable {
  let name: CustomerName
  /// The kind and the name, such as `StatefulSet/db`.
  let object: String
  let created: String
  /// Whether it declares what the instance holds.
  let declares: Bool
  /// How many Pods it wants.
  let replicas: Int
  let users: Int
  let databases: Int
  /// What is declared; nil where there are errors.
  let outline: SpecOutline?
  /// The first error in the declaration, and how many more there are.
  let problem: String?

  /// Nil where Postern has nothing to do with it, or leaves its Pods alone.
  init?(_ bytes: [UInt8], _ object: JSONValue, _ resource: Resource, namespace: String) {
    guard let declared = DeclaredPostgres(bytes, kind: resource.groupVersionKind, namespace: namespace),
      declared.isKnown
    else { return nil }
    name = CustomerName(namespace: namespace, customer: declared.customer)
    let metadata = object["metadata"]
    self.object = "\(resource.kind)/\(metadata?["name"]?.string ?? "")"
    created = metadata?["creationTimestamp"]?.string ?? ""
    declares = declared.declares
    replicas = resource == .pods ? 1 : object["spec"]?["replicas"]?.integer ?? 1
    let declaration = declared.declaration
    users = declaration?.spec.users.count { $0.ensure == .present } ?? 0
    databases = declaration?.spec.databases.count ?? 0
    outline = declaration.map { SpecOutline($0.spec, isOpen: $0.usersFrom != nil) }
    let more = declared.problems.count - 1
    problem = declared.problems.first.map { more > 0 ? "\($0) (and \(more) more)" : $0 }
  }
}
