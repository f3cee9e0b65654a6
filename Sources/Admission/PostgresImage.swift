import Declarations
package import JSONBytes
import KubernetesAPI

/// How a Pod's Postgres takes its superuser from its variables: for `postern try`, which makes the server that the
/// container would be.
package struct PostgresImage: Sendable {
  /// The container's name.
  package let container: String
  /// What the superuser is called where ``superuserVariable`` is not set.
  package let defaultSuperuser: String
  /// The variable that names the superuser; nil where it always is the default one.
  package let superuserVariable: String?
  /// The variables that name a user who is none.
  package let applicationUserVariables: [String]
  /// Whether a variable with `_FILE` behind its name is the path of a file that holds the value.
  package let readsFiles: Bool
  /// Whether it ends where a variable is set, and its `_FILE` too.
  package let refusesBoth: Bool
  /// Whether it lets everybody in over loopback, without a password; nil where that cannot be told.
  package let trustsLoopback: Bool?
  /// The variable without which it does not start; nil where it does.
  package let missingPassword: String?
  private let family: ImageFamily

  /// Nil where it cannot be told which container is Postgres.
  package init?(pod: JSONValue) {
    do throws(JSONError) {
      let bytes = pod.bytes
      var reader = JSONReader(bytes)
      guard let slices = try ObjectSlices(&reader),
        let object = try CustomerObject(slices, .pod, namespace: "default", of: bytes), let podSlices = object.pod,
        let chosen = try PodReading(podSlices, object, isThere: true).choice?.postgres
      else { return nil }
      let superuser = try Superuser(chosen.container, chosen.family, chosen.arguments)
      container = chosen.container.name
      family = chosen.family
      defaultSuperuser = family.defaultSuperuser
      superuserVariable = family.superuserVariable
      applicationUserVariables = family.applicationUserVariables
      readsFiles = family.readsFiles
      refusesBoth = family == .official || family == .supabase
      trustsLoopback = superuser.trustsLoopback
      missingPassword = superuser.missingPassword
    } catch {
      return nil
    }
  }

  /// The variables that hold the superuser's password, the one that goes first before the others.
  /// - Parameter applicationUser: the user beside the superuser, where there is one.
  package func passwordVariables(applicationUser: String?) -> [String] {
    let isSuperusers = family == .bitnami && (applicationUser ?? defaultSuperuser) == defaultSuperuser
    return (isSuperusers ? family.applicationPasswordVariables : []) + family.passwordVariables
  }
}
