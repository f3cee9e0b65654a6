import JSONBytes
import KubernetesAPI

/// What injection must know of a container. Of its variables those alone are kept that say something about Postgres.
struct Container {
  /// A member of `ports`.
  fileprivate struct Port {
    var number: Int?
    /// Whether its name says that it is Postgres's.
    var isNamed = false
  }

  private(set) var name = ""
  private(set) var image = ""
  private(set) var environment: [String: EnvironmentValue] = [:]
  private(set) var environmentSources: [EnvironmentSource] = []
  private(set) var identity = Identity()
  /// Whether `env` is there for a patch to add to.
  private(set) var hasEnvironment = false
  private var ports: [Port] = []
  /// `volumeMounts`, which few Pods need to be looked at for.
  private var mounts: JSONSlice?
  private let bytes: [UInt8]

  init(_ reader: inout JSONReader) throws(JSONError) {
    bytes = reader.bytes
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "name") {
        name = try reader.optionalText() ?? ""
      } else if reader.matches(key, "image") {
        image = try reader.optionalText() ?? ""
      } else if reader.matches(key, "ports") {
        _ = try reader.elements { reader throws(JSONError) in ports.append(try Port(&reader)) }
      } else if reader.matches(key, "env") {
        hasEnvironment = try reader.elements { reader throws(JSONError) in
          if let variable = try EnvironmentVariable(&reader) { environment[variable.name] = variable.value }
        }
      } else if reader.matches(key, "envFrom") {
        _ = try reader.elements { reader throws(JSONError) in
          if let source = try EnvironmentSource(&reader) { environmentSources.append(source) }
        }
      } else if reader.matches(key, "volumeMounts") {
        mounts = try reader.optionalArray()
      } else if reader.matches(key, "securityContext") {
        identity = try Identity(&reader)
      } else {
        try reader.skip()
      }
    }
  }

  /// Where Postgres listens: the containerPort that says so by name or number, else the first, else `PGPORT`, else
  /// 5432.
  var port: Int {
    let telling = ports.first { $0.number == 5432 || $0.isNamed }
    if let number = (telling ?? ports.first)?.number { return number }
    if case .literal(let text)? = environment["PGPORT"], let number = Int(text), (1...65535).contains(number) {
      return number
    }
    return 5432
  }

  /// Whether `volumeMounts` is there for a patch to add to.
  var hasMounts: Bool { mounts != nil }

  /// The longest mount that holds a file.
  func mount(holding path: String) throws(JSONError) -> VolumeMount? {
    guard let mounts else { return nil }
    var longest: VolumeMount?
    var reader = JSONReader(mounts, of: bytes)
    _ = try reader.elements { reader throws(JSONError) in
      guard let mount = try VolumeMount(&reader, holding: path) else { return }
      if mount.path.utf8.count > longest?.path.utf8.count ?? -1 { longest = mount }
    }
    return longest
  }
}

extension Container.Port {
  fileprivate init(_ reader: inout JSONReader) throws(JSONError) {
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
