import Contract
import DatabaseSpec
import Declarations
import FoundationEssentials
import Instances
import JSONBytes

extension Trial {
  /// The first container of the file that connects to this customer; where there is none, one that the first user has.
  func application() async throws(CommandError) -> TrialApplication {
    let (objects, labelled) = try localObjects()
    let namespace = labelled.manifest.namespace
    let connecting = try ManifestReader().sound(file).flatMap(ConnectingManifest.all).first { connecting in
      connecting.hasPod && connecting.manifest.namespace == namespace
        && connecting.connections.contains { $0.customer == labelled.customer }
    }
    let pod: JSONValue
    let owner: String
    if let connecting {
      pod = try await connecting.admitted(through: chain).pod
      owner = "\(connecting.manifest.kind) \(connecting.manifest.name)"
    } else {
      guard let connection = connections?.users.first else {
        throw .refused("no user may use a database, so no application can connect")
      }
      let manifest = Self.application(of: connection.user, connection.database, labelled)
      guard let made = ConnectingManifest.all(in: manifest).first else {
        throw .refused("\(connection.user.text) cannot connect")
      }
      pod = try await made.admitted(through: chain).pod
      owner = "user \(connection.user.text)"
    }
    let containers = pod["spec"]?["containers"]?.array ?? []
    let isConnected = { (container: JSONValue) in
      container["volumeMounts"]?.array?.contains {
        $0["name"]?.string?.hasPrefix(ServiceBinding.volumePrefix) == true
      } == true
    }
    guard let container = containers.first(where: isConnected) ?? containers.first else {
      throw .refused("\(owner) has no container")
    }
    let layout = try layOut(container, of: pod, in: namespace, objects)
    return TrialApplication(
      name: connecting == nil ? owner : "\(owner), container \(container["name"]?.string ?? "")",
      environment: try withRoot(layout))
  }

  /// A Pod that connects as a user.
  private static func application(
    of user: PostgresName, _ database: PostgresName, _ labelled: LabelledManifest
  ) -> Manifest {
    let connection = JSONValue.members([("user", .string(user.text)), ("database", .string(database.text))])
    var manifest = labelled.manifest
    manifest.object = .members([
      ("apiVersion", .string("v1")), ("kind", .string("Pod")),
      (
        "metadata",
        .members([
          ("name", .string("application")), ("namespace", .string(labelled.manifest.namespace)),
          ("labels", .members([(AnnotationKey.connectLabel, .string(labelled.customer))])),
          (
            "annotations",
            .members([
              (AnnotationKey.connections, .string(String(decoding: JSONValue.array([connection]).bytes, as: UTF8.self)))
            ])
          ),
        ])
      ),
      ("spec", .members([("containers", .array([.members([("name", .string("application"))])]))])),
    ])
    return manifest
  }

  /// The variables, with a local folder for all bindings.
  private func withRoot(_ layout: LocalKubelet.Layout) throws(CommandError) -> [String: String] {
    var environment = layout.environment
    guard let root = environment[ServiceBinding.rootVariable] else { return environment }
    let folder = folder.appending(path: "bindings")
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      for mount in layout.mounts where mount.path.hasPrefix(root + "/") {
        let name = String(mount.path.dropFirst(root.count + 1))
        guard !name.contains("/") else { continue }
        try FileManager.default.createSymbolicLink(at: folder.appending(path: name), withDestinationURL: mount.folder)
      }
    } catch {
      throw .refused("cannot write in \(folder.path): \(error)")
    }
    environment[ServiceBinding.rootVariable] = folder.path
    return environment
  }
}
