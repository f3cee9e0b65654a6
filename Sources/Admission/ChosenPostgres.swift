import Contract
import Declarations
import JSONBytes
import KubernetesAPI

/// The container that is Postgres, and what its image, arguments and variables say of the server.
struct ChosenPostgres {
  let container: Container
  /// Its place in `spec.containers`.
  let index: Int
  let image: ImageReference
  let family: ImageFamily
  /// Whether the image or the annotation `postern.io/flavor` tells the family; else it is guessed by the variables.
  let isFamilyKnown: Bool
  let arguments: ServerArguments
  /// Where Postgres listens: by its arguments, `PGPORT`, the family's own variable, its containerPort, else 5432.
  let port: Int
  /// Whether something gives the port that cannot be read, and nothing else gives one.
  let isPortUnknown: Bool

  init(_ container: Container, at index: Int, flavor: String?) throws(JSONError) {
    self.container = container
    self.index = index
    image = ImageReference(container.image)
    let known = flavor.flatMap(ImageFamily.init(rawValue:)) ?? ImageFamily(image)
    family = known ?? Self.guess(container, image)
    isFamilyKnown = known != nil
    arguments = try container.serverArguments()
    var port = arguments.port
    var isUnknown = false
    for name in ["PGPORT"] + family.portVariables where port == nil {
      switch try container.given([name], readsFiles: false) {
      case .literal(let text)?: port = UInt16(text).flatMap { $0 > 0 ? Int($0) : nil }
      case nil, .candidates?: break
      default: isUnknown = true
      }
    }
    isPortUnknown = port == nil && isUnknown && container.containerPort == nil
    self.port = port ?? container.containerPort ?? 5432
  }

  /// An image that is called something else keeps to the variables that are set.
  private static func guess(_ container: Container, _ image: ImageReference) -> ImageFamily {
    let names = container.environment.keys
    if names.contains("POSTGRESQL_ADMIN_PASSWORD") || names.contains("POSTGRESQL_USER") { return .sclorg }
    if names.contains(where: { $0.hasPrefix("POSTGRESQL_") }) || names.contains("POSTGRES_POSTGRES_PASSWORD") {
      return .bitnami
    }
    return .official
  }

  /// The image's major version of Postgres, where it tells.
  var version: Int? { image.postgresVersion }

  /// The oldest server that Postern keeps.
  private static let oldestVersion = 12

  /// What a server cannot be that Postern is to keep: of what is new it is refused.
  func restrictions(_ prefix: String) -> [StatusCause] {
    var causes: [StatusCause] = []
    if let version, version < Self.oldestVersion {
      causes.append(
        StatusCause(
          field: "\(prefix)spec.containers[\(index)].image",
          message:
            "Postgres \(version) is too old: Postern keeps \(Self.oldestVersion) and newer ones; upgrade it first"))
    }
    if let addresses = arguments.settings["listen_addresses"], addresses.isEmpty {
      causes.append(
        StatusCause(
          field: "\(prefix)spec.containers[\(index)].args",
          message: "with no listen_addresses nobody can connect, and neither can the sidecar; write localhost at least")
      )
    }
    return causes
  }
}
