import Admission
import Contract
package import DatabaseSpec

extension InstanceSources {
  /// The Secrets that cannot be made, because somebody else has made one with the name.
  package func conflicts(with spec: InstanceSpec, usesGeneratedAdmin: Bool) -> [InstanceProblem] {
    let users = spec.users.filter { $0.ensure == .present }.map { ObjectName.user($0.name, customer: spec.customer) }
    var conflicts = users.filter(taken.contains).map {
      InstanceProblem.notPosterns(.secret, $0, "what would be in it has no other place")
    }
    let (mounted, admin) = (ObjectName.passwords(customer: spec.customer), ObjectName.admin(customer: spec.customer))
    if taken.contains(mounted) { conflicts.insert(.notPosterns(.secret, mounted, InstanceProblem.blocking), at: 0) }
    if usesGeneratedAdmin, taken.contains(admin) {
      conflicts.append(.notPosterns(.secret, admin, "Postgres and the sidecar take the superuser from it as it is"))
    }
    return conflicts
  }
}
