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

    /// Whether the name or the number is Postgres's.
    fileprivate var isPostgres: Bool { number == 5432 || isNamed }
  }

  let name: String
  let image: String
  /// In the Pod's order. If a name occurs twice, the last one counts.
  let environment: [EnvironmentVariable]
  let environmentSources: [EnvironmentSource]
  let identity: Identity
  let resources: ContainerResources
  /// `env`. It is read again only if a value refers to another variable.
  let environmentSlice: JSONSlice?
  private let ports: [Port]
  /// `volumeMounts`. It is read only for the few Pods that need it.
  private let mounts: JSONSlice?
  private let command: JSONSlice?
  private let arguments: JSONSlice?
  let bytes: [UInt8]

  init(_ reader: inout JSONReader) throws(JSONError) {
    var (name, image) = ("", "")
    var (environment, sources): ([EnvironmentVariable], [EnvironmentSource]) = ([], [])
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
        environment = try Self.environment(environmentSlice, of: reader.bytes)
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
  }

  private static func environment(_ slice: JSONSlice?, of bytes: [UInt8]) throws(JSONError) -> [EnvironmentVariable] {
    guard let slice else { return [] }
    var environment: [EnvironmentVariable] = []
    var reader = JSONReader(slice, of: bytes)
    _ = try reader.elements { reader throws(JSONError) in
      if let variable = try EnvironmentVariable(&reader) { environment.append(variable) }
    }
    return environment
  }

  /// The variable of this name and suffix. There are few variables, so that a search takes less than a dictionary.
  func variable(_ name: String, suffix: String = "") -> EnvironmentVariable? {
    environment.last { $0.isNamed(name, suffix: suffix) }
  }

  /// Whether `env` has this variable.
  func defines(_ name: String) -> Bool { variable(name) != nil }

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

  /// The port from `ports`: the one that is Postgres's by name or number, else the first.
  var containerPort: Int? { (ports.first { $0.isPostgres } ?? ports.first)?.number }

  /// Whether this port is in `ports`.
  func declares(port: Int) -> Bool { ports.contains { $0.number == port } }

  /// Whether the container shows that it is a Postgres server, whatever its image's name: by its name, a port, its
  /// arguments, or variables that only a server's image reads. A client can have POSTGRES_PASSWORD as well, but then it
  /// also has a host.
  var looksLikePostgres: Bool {
    if ["postgres", "postgresql"].contains(name) || ports.contains(where: \.isPostgres) { return true }
    if defines("PGDATA") || defines("POSTGRES_INITDB_ARGS") { return true }
    let isClient = environment.contains { variable in
      ["_HOST", "_SERVER", "_URL", "_URI", "_DSN", "_ADDR", "_SERVICE"].contains { variable.name.hasSuffix($0) }
        || variable.name == "PGHOST"
    }
    let tells = ["POSTGRES_PASSWORD", "POSTGRES_PASSWORD_FILE", "POSTGRES_USER", "POSTGRES_DB"]
    if !isClient, tells.contains(where: defines) { return true }
    return !isClient && environment.contains { $0.name.hasPrefix("POSTGRESQL_") }
  }

  /// The server's arguments from the command and its arguments, with `$(NAME)` expanded.
  func serverArguments() throws(JSONError) -> ServerArguments {
    var words: [String] = []
    for slice in [command, arguments] {
      guard let slice else { continue }
      var reader = JSONReader(slice, of: bytes)
      _ = try reader.elements { reader throws(JSONError) in
        guard let text = try reader.optionalText(), words.count < Self.maximumArguments else { return }
        var lookups = 10
        let value = text.contains(ascii: "$(") ? try expanded(text, before: nil, &lookups) : .literal(text)
        if case .literal(let word) = value { words.append(word) } else { words.append("") }
      }
    }
    return ServerArguments(words)
  }

  /// More than anybody writes.
  private static let maximumArguments = 1000

  /// Whether `volumeMounts` exists, so that a patch can add to it.
  var hasMounts: Bool { mounts != nil }

  /// The volumes that are mounted in it.
  func volumes() throws(JSONError) -> Set<String> {
    guard let mounts else { return [] }
    var names: Set<String> = []
    var reader = JSONReader(mounts, of: bytes)
    _ = try reader.elements { reader throws(JSONError) in
      try reader.beginObject()
      while let key = try reader.nextKey() {
        if reader.matches(key, "name") { names.insert(try reader.optionalText() ?? "") } else { try reader.skip() }
      }
    }
    return names
  }

  /// The mounts that another container can have too.
  func volumeMounts() throws(JSONError) -> [VolumeMount] {
    guard let mounts else { return [] }
    var found: [VolumeMount] = []
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
      } else if reader.matches(key, "containerPort") {
        number = try reader.optionalInteger()
      } else {
        try reader.skip()
      }
    }
  }
}
