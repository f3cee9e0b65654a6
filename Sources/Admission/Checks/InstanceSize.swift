import Contract
import DatabaseSpec
import Declarations
import KubernetesAPI

/// The size of an instance's ConfigMap, as far as its declaration determines it: the spec and the inline scripts.
struct InstanceSize {
  /// The most that the API server stores in one ConfigMap or Secret (Kubernetes docs, ConfigMap, "Motivation").
  static let maximumBytes = 1 << 20

  /// In the place of any script's hash. All have the same length.
  private static let hash = String(repeating: "0", count: 64)

  private let customer: String
  private let scripts: Int
  private let bytes: Int

  private init(_ spec: InstanceSpec) {
    customer = spec.customer
    // Each script is a file of its own, which is named by its hash, and the spec contains the file's name.
    let file = VolumeLayout.scriptFile(sha256: Self.hash)
    var placed = spec
    var texts: Set<[UInt8]> = []
    for (database, scripts) in spec.databases.map(\.scripts).enumerated() {
      for (index, script) in scripts.enumerated() {
        if case .inline(let sql) = script.content { texts.insert(Array(sql.utf8)) }
        placed.databases[database].scripts[index].content = .file(name: file, sha256: Self.hash)
      }
    }
    scripts = texts.reduce(0) { $0 + $1.count + file.utf8.count }
    bytes = scripts + placed.encoded().count + VolumeLayout.specFile.utf8.count
  }

  /// Refuses a declaration that does not fit. Most are so small that no script has to be placed to know that: an inline
  /// script's text takes no less room in the spec than in its file, and the file's name and hash take less than 512 bytes.
  static func findings(_ spec: InstanceSpec, _ field: String) -> Findings {
    let scripts = spec.databases.reduce(0) { $0 + $1.scripts.count }
    guard 2 * spec.encoded().count + 512 * (scripts + 1) > maximumBytes else { return Findings() }
    return Self(spec).findings(field)
  }

  private func findings(_ field: String) -> Findings {
    guard bytes > Self.maximumBytes else { return Findings() }
    let name = ObjectName.spec(customer: customer)
    return Findings(causes: [
      StatusCause(
        field: "\(field)metadata.annotations[\(AnnotationKey.databases)]",
        message:
          "ConfigMap \(quoted(name)) would have \(bytes) bytes, \(scripts) of them inline scripts, and Kubernetes takes "
          + "\(Self.maximumBytes): declare less, or divide it among several customers")
    ])
  }
}
