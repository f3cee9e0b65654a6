import Contract
import Declarations
import JSONBytes
import KubernetesAPI

/// The Postgres container, and what its image, arguments and variables say about the server. A class, because all stages
/// hand it on, and copies would retain every part of it.
final class ChosenPostgres {
  let container: Container
  let place: ContainerPlace
  let image: ImageReference
  let family: ImageFamily
  /// Whether the image or the annotation `postern.io/flavor` determines the family; otherwise it is guessed from the
  /// variables.
  let isFamilyKnown: Bool
  let arguments: ServerArguments
  /// The port that Postgres listens on: from its arguments, `PGPORT`, the family's own variable or its containerPort,
  /// else 5432.
  let port: Int
  /// Whether the port comes only from something that cannot be read here.
  let isPortUnknown: Bool
  /// Whether the port is that of a container port which nothing says to be Postgres's.
  let isPortGuessed: Bool
  /// Whether its arguments let it listen on loopback; nil where that is not known.
  let hearsLoopback: Bool?
  /// What the image's name shows of its version.
  private let shownVersion: ImageReference.PostgresVersion?

  init(
    _ container: Container, at place: ContainerPlace, _ image: ImageReference, flavor: String?
  ) throws(JSONError) {
    self.container = container
    self.place = place
    self.image = image
    let known = flavor.flatMap(ImageFamily.init(rawValue:)) ?? Self.family(of: image, container)
    family = known ?? ImageFamily(definingVariables: container.environment.lazy.map(\.name))
    shownVersion = image.postgresVersion
    isFamilyKnown = known != nil
    var arguments = try container.serverArguments()
    if family == .bitnami, case .literal(let flags)? = try container.value(of: "POSTGRESQL_EXTRA_FLAGS") {
      arguments.append(flags.split(separator: " ").map(String.init))
    }
    self.arguments = arguments
    var port = arguments.port
    var isUnknown = false
    if port == nil, let text = arguments.settings["port"] {
      if case .known(let text) = try container.value(ofArgument: text, isShell: arguments.isShell) {
        port = ServerArguments.port(text)
      }
      isUnknown = port == nil
    }
    // An argument goes before a variable.
    for name in family.portVariables where port == nil && !isUnknown {
      switch try container.given([name], readsFiles: false) {
      case .literal(let text)?:
        port = text.split(separator: ":").last.flatMap { UInt16($0) }.flatMap { $0 > 0 ? Int($0) : nil }
      case nil, .candidates?: break
      default: isUnknown = true
      }
    }
    isPortUnknown = port == nil && isUnknown && container.containerPort == nil
    isPortGuessed = port == nil && !container.hasPostgresPort && container.containerPort != nil
    self.port = port ?? container.containerPort ?? 5432
    hearsLoopback =
      if let addresses = arguments.settings["listen_addresses"] {
        try Self.mayIncludeLoopback(addresses, container, isShell: arguments.isShell)
      } else {
        true
      }
  }

  /// The family by the image, unless Patroni runs there: charts run it in TimescaleDB's image and in others.
  private static func family(of image: ImageReference, _ container: Container) -> ImageFamily? {
    image.family == .official && container.runsPatroni ? .patroni : image.family
  }

  /// What makes the replicas of a workload copies of one server, by the container's variables; nil where nothing is seen.
  func replicator() throws(JSONError) -> String? {
    if family.replicates { return "Patroni" }
    if try container.value(of: "REPMGR_PARTNER_NODES") != nil { return "repmgr" }
    return try container.value(of: "STKEEPER_CLUSTER_NAME") == nil ? nil : "Stolon"
  }

  /// The variable that makes the server a copy of another; nil where none is seen.
  func copyingVariable() throws(JSONError) -> String? {
    let (names, values) = family.copyingVariables
    for name in names {
      guard let value = try container.value(of: name) else { continue }
      guard case .literal(let text) = value else {
        if values == nil { return name }
        continue
      }
      if values?.contains(text) ?? !text.isEmpty { return name }
    }
    return nil
  }

  /// The image's major version of Postgres, if its name shows it.
  var version: Int? { doubtfulVersion == nil ? shownVersion?.number : nil }

  /// A number of the image's tag that would be too old a version, and that may be none, as its publisher is not known.
  var doubtfulVersion: Int? {
    shownVersion.flatMap { !$0.isSure && $0.number < Self.oldestVersion ? $0.number : nil }
  }

  /// The oldest server version that Postern supports.
  static let oldestVersion = 12
  /// The newest server version that is known.
  private static let newestVersion = 18

  /// Why the volume that looks like the data's is not, nil where it is: the official image keeps them elsewhere from 18 on, and does
  /// not start with a volume in the old place (`docker-entrypoint.sh`); before, it had a volume of its own below the new one. Where
  /// something else may say where the data are, nothing is known.
  func misplacedData() throws(JSONError) -> String? {
    guard let version, Self.builtOnOfficial.contains(image.name), image.owners.isEmpty, family == .official,
      !container.hasCommand, container.environmentSources.isEmpty, !container.defines("PGDATA"),
      arguments.settings["data_directory"] == nil, shownVersion?.isSure == true || version <= Self.newestVersion
    else { return nil }
    let (folder, old) = ("/var/lib/postgresql", "/var/lib/postgresql/data")
    // Somebody's own image of the name may be a copy of the official one, or not. A warning has 111 characters.
    let isSure = shownVersion?.isSure == true
    if version >= 18 {
      guard try container.mounts(at: old) else { return nil }
      return isSure
        ? "Postgres \(version)'s image ends at once with a volume at \(old): mount it at \(folder)"
        : "copies of the official Postgres \(version) end with a volume at \(old): use \(folder)"
    }
    guard try container.mounts(at: folder), try !container.mounts(at: old) else { return nil }
    return isSure
      ? "Postgres \(version)'s image keeps no data in a volume at \(folder): mount it at \(old)"
      : "copies of the official Postgres \(version) keep no data at \(folder): mount \(old)"
  }

  /// The folders in which its arguments or variables say that the data are.
  private struct ToldFolders {
    var folders: [String] = []
    /// Whether nothing that is not seen here may say another one.
    var isSure: Bool
    /// Whether each Pod of a workload has one of its own.
    var differsByPod = false
  }

  private func toldFolders() throws(JSONError) -> ToldFolders {
    var told = ToldFolders(isSure: isFamilyKnown)
    var lookups = VariableLookups(most: 50)
    if let text = arguments.settings["data_directory"] {
      told.differsByPod = try container.differsByPod(text, &lookups)
      guard case .known(let folder) = try container.value(ofArgument: text, isShell: arguments.isShell) else {
        told.isSure = false
        return told
      }
      told.folders = [MountPath.clean(folder)]
      return told
    }
    if arguments.runsOther { told.isSure = false }
    for name in family.dataVariables {
      switch try container.value(of: name, before: nil, &lookups) {
      case .literal(let text)?:
        if !text.isEmpty { told.folders.append(MountPath.clean(text)) }
      case nil: break
      default:
        told.isSure = false
        if try container.differsByPod("$(\(name))", &lookups) { told.differsByPod = true }
      }
    }
    return told
  }

  /// Volumes with the server's data in them.
  struct DataVolumes {
    fileprivate(set) var names: Set<String> = []
    /// Whether the folder is not known, so that they are all that may hold the data.
    fileprivate(set) var isGuess = false
  }

  /// The volumes that hold the server's data, of which all Pods of a workload have the same part. Where the folder is not known,
  /// any that is written may hold them, unless one is where images of this family keep theirs.
  /// - Parameter readOnly: the names of volumes that no container can write.
  func sharedDataVolumes(besides readOnly: Set<String>) throws(JSONError) -> DataVolumes {
    let told = try toldFolders()
    var volumes = DataVolumes()
    guard !told.differsByPod else { return volumes }
    var folders = told.folders
    if folders.isEmpty || !told.isSure {
      folders += isFamilyKnown ? family.dataFolders(ofImage: image.name) : Container.ownFolders + ["/home/postgres"]
    }
    let mounts = try container.writableMounts().filter { !readOnly.contains($0.volume) }
    var found: [Container.WritableMount] = []
    for folder in folders {
      // Of those above it, the nearest has it.
      let above = mounts.filter { MountPath.isAtOrBelow(folder, $0.path) }
      found += [above.max { $0.path.utf8.count < $1.path.utf8.count }].compactMap(\.self)
      found += mounts.filter { $0.path != folder && MountPath.isAtOrBelow($0.path, folder) }
    }
    if found.isEmpty, !told.isSure {
      found = mounts.filter { mount in !Self.otherFolders.contains { MountPath.isAtOrBelow(mount.path, $0) } }
      volumes.isGuess = true
    }
    var lookups = VariableLookups(most: 50)
    for mount in found {
      if let expression = mount.expression, try container.differsByPod(expression, &lookups) { continue }
      volumes.names.insert(mount.volume)
    }
    return volumes
  }

  /// Where nobody keeps a server's data: scripts for a new one, settings, logs, and what lasts no longer than a container.
  private static let otherFolders = [
    "/docker-entrypoint-initdb.d", "/docker-entrypoint-preinitdb.d", "/etc", "/var/log", "/tmp", "/run", "/var/run",
    "/dev/shm",
  ]

  /// Variables that are set beside their `_FILE` form. The entry point ends where both hold something.
  func doubleVariables() -> [String] {
    guard isFamilyKnown, family.refusesBoth, !container.hasCommand, arguments.waitingProgram == nil else { return [] }
    return ["POSTGRES_PASSWORD", "POSTGRES_USER", "POSTGRES_DB", "POSTGRES_INITDB_ARGS"].compactMap { name in
      guard container.sets(name), container.sets(name, suffix: "_FILE") else { return nil }
      return "the image ends at once where \(name) and \(name)_FILE are both set: take one out"
    }
  }

  /// The names of the official image, and of those that are built on it without a change to where data are.
  private static let builtOnOfficial = ["postgres", "postgis", "pgvector"]

  /// Servers that Postern cannot manage. A new object is refused for them.
  func restrictions(_ prefix: String) -> [StatusCause] {
    var causes: [StatusCause] = []
    if let version, version < Self.oldestVersion {
      causes.append(
        StatusCause(
          field: "\(prefix)\(place).image",
          message:
            "Postgres \(version) is too old: Postern keeps \(Self.oldestVersion) and newer ones; upgrade it first"))
    }
    if hearsLoopback == false {
      let why =
        arguments.settings["listen_addresses"]?.isEmpty == true
        ? "with no listen_addresses nobody can connect" : "these listen_addresses leave loopback out"
      causes.append(
        StatusCause(
          field: "\(prefix)\(place).\(container.hasArguments ? "args" : "command")",
          message: "\(why), and the sidecar cannot connect; write localhost as well"))
    }
    return causes
  }

  /// Whether the sidecar may reach a server that listens on these. A host's name may be of any address. Nil where a variable
  /// tells it whose value is not known.
  private static func mayIncludeLoopback(
    _ addresses: String, _ container: Container, isShell: Bool
  ) throws(JSONError) -> Bool? {
    var isUnknown = false
    for part in addresses.split(separator: ",") {
      guard let text = String(part).trimmed else { continue }
      switch try container.value(ofArgument: text, isShell: isShell) {
      case .known(let text):
        if text.split(separator: ",").contains(where: { isMaybeLoopback(String($0).trimmed ?? "") }) { return true }
      case .address: break
      case .unknown: isUnknown = true
      }
    }
    return isUnknown ? nil : false
  }

  private static func isMaybeLoopback(_ address: String) -> Bool {
    let isIPv4 = address.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
    guard isIPv4 || address.contains(ascii: ":") else { return true }
    return address.hasPrefix("127.") || ["0.0.0.0", "::", "::1"].contains(address)
  }
}
