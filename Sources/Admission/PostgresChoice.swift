import Contract
import Declarations
import KubernetesAPI

/// Which of a Pod's containers is Postgres.
struct PostgresChoice {
  private static let images = ["postgres", "postgresql", "postgis", "timescaledb", "pgvector"]

  /// Its place in `spec.containers`.
  private(set) var index = 0
  /// Nil where it cannot be told; ``findings`` say why.
  private(set) var container: Container?
  private(set) var findings = Findings()

  /// - Parameters:
  ///   - named: the annotation `postern.io/container` of the Pod.
  ///   - field: what the Pod's fields begin with.
  init(_ containers: [Container], named wanted: String?, field: String) {
    var all: String {
      let names = containers.prefix(10).map { quoted($0.name) }.joined(separator: ", ")
      return containers.count > 10 ? "\(names) and \(containers.count - 10) more" : names
    }
    if let wanted {
      choose(containers) { $0.name == wanted }
      guard container == nil else { return }
      findings.refuse(
        "\(field)metadata.annotations[\(AnnotationKey.container)]",
        "there is no container \(quoted(wanted)); the Pod has \(all)")
      return
    }
    choose(containers) { $0.name == "postgres" }
    if container == nil { choose(containers) { Self.images.contains(Self.repository($0.image)) } }
    if container == nil { choose(containers) { _ in true } }
    guard container == nil else { return }
    findings.refuse(
      "\(field)metadata.annotations[\(AnnotationKey.container)]",
      "which container is Postgres cannot be told from \(all); name it in this annotation", .valueRequired)
  }

  /// Takes the container that it holds for; where it holds for several, none. A classic sidecar stands among them, and is
  /// none.
  private mutating func choose(_ containers: [Container], _ condition: (Container) -> Bool) {
    func isIt(_ container: Container) -> Bool { container.name != SidecarContainer.name && condition(container) }
    guard let first = containers.firstIndex(where: isIt), containers.lastIndex(where: isIt) == first else { return }
    index = first
    container = containers[first]
  }

  /// The last part of an image's path, without tag and digest.
  static func repository(_ image: String) -> String {
    let path = image.split(separator: "@", maxSplits: 1).first ?? ""
    let last = path.split(separator: "/").last ?? ""
    return String(last.split(separator: ":", maxSplits: 1).first ?? "")
  }
}
