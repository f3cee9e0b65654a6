import Declarations
package import JSONBytes
import KubernetesAPI

/// How a Pod's Postgres takes its superuser from its variables. `postern try` uses it to make the server that the
/// container would make.
package struct PostgresImage: Sendable {
  /// The container's name.
  package let container: String
  /// Its major version of Postgres, if its image's name shows it.
  package let version: Int?
  /// The port that it listens on, as far as the Pod shows.
  package let port: Int
  /// The path of its postgresql.conf, where its arguments name that and leave the port to it.
  package let portFile: String?
  /// The superuser's name where ``superuserVariable`` is not set.
  package let defaultSuperuser: String
  /// The variable that names the superuser; nil where the name is always the default.
  package let superuserVariable: String?
  /// The variables that name a user who is not a superuser.
  package let applicationUserVariables: [String]
  /// Whether a variable whose name ends in `_FILE` is the path of a file that holds the value.
  package let readsFiles: Bool
  /// Whether it ends if both a variable and its `_FILE` form are set.
  package let refusesBoth: Bool
  /// Whether loopback connections need no password; nil where that is not known.
  package let trustsLoopback: Bool?
  private let family: ImageFamily

  /// Nil where it is not known which container is Postgres.
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
      version = chosen.version
      port = chosen.port
      portFile = chosen.arguments.settings["port"] == nil ? chosen.arguments.settings["config_file"] : nil
      defaultSuperuser = family.defaultSuperuser
      superuserVariable = family.superuserVariable
      applicationUserVariables = family.applicationUserVariables
      readsFiles = family.readsFiles
      refusesBoth = family.refusesBoth
      trustsLoopback = superuser.trustsLoopback
    } catch {
      return nil
    }
  }

  /// The variables that hold the port, in order of precedence.
  package var portVariables: [String] { family.portVariables }

  /// The variables that hold the superuser's password, in order of precedence.
  /// - Parameter applicationUser: the other user that the image creates, if there is one.
  package func passwordVariables(applicationUser: String?) -> [String] {
    let isSuperusers = family == .bitnami && (applicationUser ?? defaultSuperuser) == defaultSuperuser
    return (isSuperusers ? family.applicationPasswordVariables : []) + family.passwordVariables
  }
}
