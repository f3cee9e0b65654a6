import Admission
import Contract
import DatabaseSpec
package import Declarations
package import KubernetesAPI

extension Instance {
  /// The Secrets and ConfigMaps, by name, of which its objects are made.
  package var neededObjects: [(Resource, [String])] {
    let spec = declaration.spec
    let users = spec.users.filter { $0.ensure == .present }.map { ObjectName.user($0.name, customer: spec.customer) }
    return [
      (
        .secrets,
        declaration.references(.secret).union(users + [ObjectName.passwords(customer: spec.customer)]).sorted()
      ),
      (.configMaps, declaration.references(.configMap).union([ObjectName.spec(customer: spec.customer)]).sorted()),
    ]
  }
}

extension Declaration {
  /// The names of the objects that its declarations refer to.
  package func references(_ kind: DesiredObject.Kind) -> Set<String> {
    var names: Set<String> = []
    if kind == .secret {
      names.formUnion(passwordSources.values.map(\.name))
      if let usersFrom { names.insert(usersFrom.name) }
    }
    for script in spec.databases.flatMap(\.scripts) {
      switch (script.content, kind) {
      case (.secret(let reference), .secret), (.configMap(let reference), .configMap): names.insert(reference.name)
      default: break
      }
    }
    return names
  }
}
