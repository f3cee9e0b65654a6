import Contract
import Declarations
import JSONBytes
import KubernetesAPI

/// The choice of a Pod's Postgres container.
struct PostgresChoice {
  /// Nil where there is none, or where it is not known; ``findings`` then give the reason.
  private(set) var postgres: ChosenPostgres?
  private(set) var findings = Findings()
  /// Why no container in the Pod can be Postgres, as a clause; nil where one may be.
  private(set) var absence: String?

  /// - Parameters:
  ///   - metadata: the Pod's. It may name the container and its image's family.
  ///   - field: the prefix of the Pod's fields.
  ///   - takesOnlyOne: whether the only container is chosen even if nothing shows that it is Postgres.
  init(
    _ containers: [Container], _ metadata: ObjectMetadata, field: String, takesOnlyOne: Bool
  ) throws(JSONError) {
    func place() -> String { "\(field)metadata.annotations[\(AnnotationKey.container)]" }
    let flavor = metadata.setting(AnnotationKey.flavor)
    if let wanted = metadata.setting(AnnotationKey.container) {
      guard let index = containers.firstIndex(where: { $0.name == wanted }) else {
        findings.refuse(place(), "there is no container \(quoted(wanted)); the Pod has \(Self.names(containers))")
        return
      }
      let container = containers[index]
      postgres = try ChosenPostgres(container, at: index, ImageReference(container.image), flavor: flavor)
      return
    }
    let found = try Self.candidates(containers, takesOnlyOne: takesOnlyOne)
    if let only = found.first, found.count == 1 {
      postgres = try ChosenPostgres(containers[only.index], at: only.index, only.image, flavor: flavor)
    } else if found.isEmpty {
      let why = Self.absence(containers)
      absence = why
      if Self.isOperators(containers) {
        findings.refuse(
          place(), "\(why); where no operator runs it, name its container in this annotation", .valueRequired)
      } else {
        findings.refuse(
          place(), "\(why): name the container that is in this annotation, or declare on what runs Postgres",
          .valueRequired
        )
      }
    } else {
      findings.refuse(
        place(),
        "which container is Postgres cannot be told from \(Self.names(containers)); name it in this annotation",
        .valueRequired)
    }
  }

  /// A container by its index, and its image.
  private typealias Candidate = (index: Int, image: ImageReference)

  /// The containers with the strongest sign: the name, else the image, else other properties of a server. A classic
  /// sidecar is in the same list, but is not a candidate.
  private static func candidates(
    _ containers: [Container], takesOnlyOne: Bool
  ) throws(JSONError) -> [Candidate] {
    func isPossible(_ candidate: Candidate, _ sign: Sign) -> Bool {
      guard containers[candidate.index].client == nil else { return false }
      // The container's name says more than a word in its image's name.
      return OtherImage(candidate.image) == nil || sign == .name && OtherImage.mayHoldServer(candidate.image)
    }
    let all = containers.indices.filter { containers[$0].name != SidecarContainer.name }
      .map { (index: $0, image: ImageReference(containers[$0].image)) }
    for sign in Sign.allCases {
      let found = all.filter { sign.isAt(containers[$0.index], $0.image) && isPossible($0, sign) }
      guard !found.isEmpty else { continue }
      guard found.count > 1 else { return found }
      // Beside a server, its image also runs poolers and backups, and shells for people.
      let servers = found.filter { containers[$0.index].looksLikePostgres }
      if servers.count == 1 { return servers }
      var running: [Candidate] = []
      for candidate in found where try containers[candidate.index].serverArguments().waitingProgram == nil {
        running.append(candidate)
      }
      return running.count == 1 ? running : found
    }
    guard takesOnlyOne else { return [] }
    let possible = all.filter { isPossible($0, .server) }
    return possible.count == 1 ? possible : []
  }

  /// What shows that a container is Postgres, the strongest first.
  private enum Sign: CaseIterable {
    case name, image, server

    func isAt(_ container: Container, _ image: ImageReference) -> Bool {
      switch self {
      case .name: container.name == "postgres"
      case .image: image.name == "postgresql" || image.versionInName != nil || ImageFamily(image) != nil
      case .server: container.looksLikePostgres
      }
    }
  }

  private static func names(_ containers: [Container]) -> String {
    let names = containers.prefix(10).map { quoted($0.name) }.joined(separator: ", ")
    return containers.count > 10 ? "\(names) and \(containers.count - 10) more" : names
  }

  private static func absence(_ containers: [Container]) -> String {
    guard let only = only(containers) else {
      let others = others(containers)
      return others.isEmpty
        ? "the Pod has no container" : "nothing says that one of \(names(others)) is Postgres"
    }
    let image = ImageReference(only.image)
    if let client = only.client { return "container \(quoted(only.name)) runs \(client), which is no server" }
    return OtherImage(image).map { "image \(quoted(image.name)) \($0.reason)" }
      ?? "nothing says that container \(quoted(only.name)) is Postgres"
  }

  /// Whether the only container is of an operator's image. There may be a Postgres in it, and no operator.
  private static func isOperators(_ containers: [Container]) -> Bool {
    guard let only = only(containers), only.client == nil else { return false }
    return OtherImage(ImageReference(only.image))?.isOperators == true
  }

  private static func others(_ containers: [Container]) -> [Container] {
    containers.filter { $0.name != SidecarContainer.name }
  }

  private static func only(_ containers: [Container]) -> Container? {
    let others = others(containers)
    return others.count == 1 ? others[0] : nil
  }
}
