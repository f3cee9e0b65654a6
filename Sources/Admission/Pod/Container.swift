import Declarations
import JSONBytes
import KubernetesAPI

/// What injection needs to know of a container. Only variables that concern Postgres are kept. A
/// class, because copies would retain every part of it.
final class Container {
  /// A member of `ports`.
  struct Port {
    fileprivate(set) var number: Int?
    /// Whether its name is one that Postgres's port has.
    fileprivate var isNamed = false
    /// Whether its name is one that a port of another program has.
    fileprivate var isOthers = false

    /// Whether the name or the number is Postgres's.
    fileprivate var isPostgres: Bool { number == 5432 || isNamed }
  }

  let name: String
  let image: String
  /// In the Pod's order. If a name occurs twice, the last one counts.
  let environment: [EnvironmentVariable]
  let environmentSources: [EnvironmentSource]
  /// Whether a variable says where a database is, as applications are told it.
  private let knowsDatabase: Bool
  let identity: Identity
  let resources: ContainerResources
  /// `env`. It is read again only if a value refers to another variable.
  let environmentSlice: JSONSlice?
  private let ports: [Port]
  /// `volumeMounts`. It is read only for the few Pods that need it.
  private let mounts: JSONSlice?
  private let command: JSONSlice?
  private let arguments: JSONSlice?
  /// The client that it runs, such as `psql`; nil where it may be a server.
  let client: String?
  let bytes: [UInt8]

  init(_ reader: inout JSONReader) throws(JSONError) {
    var (name, image) = ("", "")
    var (environment, sources): ([EnvironmentVariable], [EnvironmentSource]) = ([], [])
    var knowsDatabase = false
    var (identity, resources, ports) = (Identity(), ContainerResources(), [Port]())
    var (environmentSlice, mounts, command, arguments): (JSONSlice?, JSONSlice?, JSONSlice?, JSONSlice?)
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "name") {
        name = try reader.optionalText() ?? ""
      } else if reader.matches(key, "image") {
        image = try reader.optionalText() ?? ""
      } else if reader.matches(key, "ports") {
        _ = try reader.elements { reader throws(JSONError) in ports.append(try Port(&reader)) }
      } else if reader.matches(key, "env") {
        environmentSlice = try reader.optionalArray()
        (environment, knowsDatabase) = try Self.environment(environmentSlice, of: reader.bytes)
      } else if reader.matches(key, "envFrom") {
        _ = try reader.elements { reader throws(JSONError) in
          if let source = try EnvironmentSource(&reader) { sources.append(source) }
        }
      } else if reader.matches(key, "volumeMounts") {
        mounts = try reader.optionalArray()
      } else if reader.matches(key, "securityContext") {
        identity = try Identity(&reader)
      } else if reader.matches(key, "resources") {
        resources = try ContainerResources(&reader)
      } else if reader.matches(key, "command") {
        command = try reader.optionalArray()
      } else if reader.matches(key, "args") {
        arguments = try reader.optionalArray()
      } else {
        try reader.skip()
      }
    }
    (self.name, self.image, self.environment, environmentSources) = (name, image, environment, sources)
    (self.identity, self.resources, self.ports, self.environmentSlice) = (identity, resources, ports, environmentSlice)
    (self.mounts, self.command, self.arguments, bytes) = (mounts, command, arguments, reader.bytes)
    let run = try ClientProgram.read(command: command, arguments: arguments, knowsDatabase, of: reader.bytes)
    client = run.name
    self.knowsDatabase = knowsDatabase || run.knowsDatabase
  }

  private static func environment(
    _ slice: JSONSlice?, of bytes: [UInt8]
  ) throws(JSONError) -> ([EnvironmentVariable], knowsDatabase: Bool) {
    guard let slice else { return ([], false) }
    var environment: [EnvironmentVariable] = []
    environment.reserveCapacity(JSONReader.fewElements)
    var knowsDatabase = false
    var reader = JSONReader(slice, of: bytes)
    _ = try reader.elements { reader throws(JSONError) in
      if let variable = try EnvironmentVariable(&reader, knowsDatabase: &knowsDatabase) { environment.append(variable) }
    }
    return (environment, knowsDatabase)
  }

  /// The variable of this name and suffix. There are few variables, so that a search takes less than a dictionary.
  func variable(_ name: String, suffix: String = "") -> EnvironmentVariable? {
    environment.last { $0.isNamed(name, suffix: suffix) }
  }

  /// The value of any variable of `env`, also of one that concerns no image of Postgres; nil where there is none.
  func value(of name: String) throws(JSONError) -> EnvironmentValue? {
    var lookups = VariableLookups(most: 1)
    return try lookups.value(of: name, before: nil, in: environmentSlice, of: bytes)
  }

  /// Whether `env` has this variable.
  func defines(_ name: String) -> Bool { variable(name) != nil }

  /// Whether `env` gives this variable a value. That of an object that may be missing does not count.
  func sets(_ name: String, suffix: String = "") -> Bool {
    switch variable(name, suffix: suffix)?.value {
    case .literal(let text)?: !text.isEmpty
    case .reference(let reference)?: !reference.isOptional
    case .computed?: true
    case nil: false
    }
  }

  /// Whether `env` exists, so that a patch can add to it.
  var hasEnvironment: Bool { environmentSlice != nil }

  /// Whether a variable refers to this Secret.
  func refers(to secret: String) -> Bool {
    environment.contains { variable in
      if case .reference(let reference) = variable.value {
        reference.kind == .secret && reference.name == secret
      } else {
        false
      }
    }
  }

  /// Whether it runs a command other than the image's.
  var hasCommand: Bool { command != nil }

  /// Whether it has arguments, which are then where the server's are.
  var hasArguments: Bool { arguments != nil }

  /// The port from `ports`: the one that is Postgres's by name or number, else the first that may be.
  var containerPort: Int? { (ports.first { $0.isPostgres } ?? ports.first { !$0.isOthers })?.number }

  /// Whether a port is Postgres's by its name or number.
  var hasPostgresPort: Bool { ports.contains(where: \.isPostgres) }

  /// Whether this port is in `ports`.
  func declares(port: Int) -> Bool { ports.contains { $0.number == port } }

  /// Whether the container shows that it is a Postgres server, whatever its image's name: by its name, a port, its
  /// arguments, or variables that only a server's image reads. A client can have POSTGRES_PASSWORD as well, and what is in
  /// front of a server its port, but then it also has a host.
  var looksLikePostgres: Bool {
    if ["postgres", "postgresql"].contains(name) { return true }
    if defines("PGDATA") || defines("POSTGRES_INITDB_ARGS") || runsPatroni { return true }
    guard !knowsDatabase else { return false }
    let tells = ["POSTGRES_PASSWORD", "POSTGRES_PASSWORD_FILE", "POSTGRES_USER", "POSTGRES_DB"]
    return ports.contains(where: \.isPostgres) || tells.contains(where: defines)
      || environment.contains { $0.name.hasPrefix("POSTGRESQL_") }
  }

  /// Whether it has variables that Patroni alone reads, whatever its image's name.
  var runsPatroni: Bool { environment.contains { $0.name.hasPrefix("PATRONI_") } }

  /// The server's arguments from the command and its arguments, with `$(NAME)` expanded where its value is known.
  func serverArguments() throws(JSONError) -> ServerArguments {
    var words: [String] = []
    var lookups = VariableLookups(most: 100)
    for slice in [command, arguments] {
      for text in try JSONReader.texts(slice, of: bytes, most: Self.maximumArguments - words.count) {
        words.append(text.contains(ascii: "$(") ? try expandedWhereKnown(text, &lookups) : text)
      }
    }
    return ServerArguments(words)
  }

  /// More than anybody writes.
  static let maximumArguments = 1000

  /// Whether `volumeMounts` exists, so that a patch can add to it.
  var hasMounts: Bool { mounts != nil }

  /// Whether it has a volume where no other program than a server of Postgres's keeps data.
  func hasVolumeForData() throws(JSONError) -> Bool {
    try writableMounts().contains { mount in Self.ownFolders.contains { MountPath.isAtOrBelow(mount.path, $0) } }
  }

  /// Folders of images' data that are Postgres's by their names.
  static let ownFolders = ["/var/lib/postgresql", "/var/lib/pgsql", "/bitnami/postgresql"]

  /// Whether a volume is mounted there.
  func mounts(at path: String) throws(JSONError) -> Bool { try writableMounts().contains { $0.path == path } }

  /// A member of `volumeMounts` that is not read only.
  struct WritableMount {
    fileprivate(set) var volume = ""
    /// As it is compared.
    fileprivate(set) var path = ""
    /// `subPathExpr`
    fileprivate(set) var expression: String?
  }

  func writableMounts() throws(JSONError) -> [WritableMount] {
    guard let mounts else { return [] }
    var found: [WritableMount] = []
    var reader = JSONReader(mounts, of: bytes)
    _ = try reader.elements { reader throws(JSONError) in
      var (mount, isReadOnly) = (WritableMount(), false)
      try reader.beginObject()
      while let key = try reader.nextKey() {
        if reader.matches(key, "name") {
          mount.volume = try reader.optionalText() ?? ""
        } else if reader.matches(key, "mountPath") {
          mount.path = MountPath.clean(try reader.optionalText() ?? "")
        } else if reader.matches(key, "subPathExpr") {
          mount.expression = try reader.optionalText()
        } else if reader.matches(key, "readOnly") {
          isReadOnly = try reader.optionalBool()
        } else {
          try reader.skip()
        }
      }
      if !isReadOnly { found.append(mount) }
    }
    return found
  }

  /// The mounts that another container can have too.
  func volumeMounts() throws(JSONError) -> [VolumeMount] {
    guard let mounts else { return [] }
    var found: [VolumeMount] = []
    found.reserveCapacity(JSONReader.fewElements)
    var reader = JSONReader(mounts, of: bytes)
    _ = try reader.elements { reader throws(JSONError) in
      if let mount = try VolumeMount(&reader) { found.append(mount) }
    }
    return found
  }
}

extension Container.Port {
  init(_ reader: inout JSONReader) throws(JSONError) {
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "name") {
        guard let name = try reader.optionalString() else { continue }
        isNamed =
          reader.matches(name, "postgres") || reader.matches(name, "postgresql") || reader.matches(name, "sql")
          || reader.matches(name, "pgsql")
        isOthers = ["metrics", "http", "rest", "health", "web", "prom", "exporter"].contains {
          reader.starts(name, with: $0)
        }
      } else if reader.matches(key, "containerPort") {
        number = try reader.optionalInteger()
      } else {
        try reader.skip()
      }
    }
  }
}
