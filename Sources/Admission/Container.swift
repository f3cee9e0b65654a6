import JSONBytes
import KubernetesAPI

/// What injection must know of a container. Of its variables those alone are kept that say something about Postgres.
struct Container {
  /// A member of `ports`.
  struct Port {
    var name = ""
    var number: Int?
  }

  private(set) var name = ""
  private(set) var image = ""
  private(set) var ports: [Port] = []
  private(set) var environment: [String: EnvironmentValue] = [:]
  private(set) var environmentSources: [EnvironmentSource] = []
  private(set) var mounts: [VolumeMount] = []
  private(set) var identity = Identity()
  /// Whether `env` and `volumeMounts` are there for a patch to add to.
  private(set) var hasEnvironment = false
  private(set) var hasMounts = false

  init(_ reader: inout JSONReader) throws(JSONError) {
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
          let variable = try EnvironmentVariable(&reader)
          if variable.isOfPostgres { environment[variable.name] = variable.value }
        }
      } else if reader.matches(key, "envFrom") {
        _ = try reader.elements { reader throws(JSONError) in
          if let source = try EnvironmentSource(&reader) { environmentSources.append(source) }
        }
      } else if reader.matches(key, "volumeMounts") {
        hasMounts = try reader.elements { reader throws(JSONError) in mounts.append(try VolumeMount(&reader)) }
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
    let telling = ports.first { $0.number == 5432 || ["postgres", "postgresql", "sql"].contains($0.name) }
    if let number = (telling ?? ports.first)?.number { return number }
    if case .literal(let text)? = environment["PGPORT"], let number = Int(text), (1...65535).contains(number) {
      return number
    }
    return 5432
  }

  /// The longest mount that holds a file.
  func mount(holding path: String) -> VolumeMount? {
    var longest: VolumeMount?
    for mount in mounts where mount.holds(path) && mount.path.utf8.count > longest?.path.utf8.count ?? -1 {
      longest = mount
    }
    return longest
  }
}

extension Container.Port {
  fileprivate init(_ reader: inout JSONReader) throws(JSONError) {
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "name") {
        name = try reader.optionalText() ?? ""
      } else if reader.matches(key, "containerPort") {
        number = try reader.optionalInteger()
      } else {
        try reader.skip()
      }
    }
  }
}
