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
    _ pod: PodContainers, _ metadata: ObjectMetadata, field: String, takesOnlyOne: Bool
  ) throws(JSONError) {
    let containers = pod.containers
    func place() -> String { "\(field)metadata.annotations[\(AnnotationKey.container)]" }
    let flavor = metadata.setting(AnnotationKey.flavor)
    if let wanted = metadata.setting(AnnotationKey.container) {
      if let index = containers.firstIndex(where: { $0.name == wanted }) {
        let candidate = Candidate(containers[index], at: ContainerPlace(isInit: false, index: index))
        postgres = try candidate.chosen(flavor)
        return
      }
      let others = try pod.readInitContainers()
      guard let index = others.firstIndex(where: { $0.container.name == wanted }) else {
        let running = containers + others.filter(\.restarts).map(\.container)
        findings.refuse(place(), "there is no container \(quoted(wanted)); the Pod has \(Self.names(running))")
        return
      }
      guard others[index].restarts else {
        findings.refuse(
          place(),
          "init container \(quoted(wanted)) ends before the others start: with restartPolicy Always it goes on, or name another one"
        )
        return
      }
      postgres = try Candidate(others[index].container, at: ContainerPlace(isInit: true, index: index)).chosen(flavor)
      return
    }
    let found = try Self.candidates(pod, takesOnlyOne: takesOnlyOne)
    if let only = found.first, found.count == 1 {
      postgres = try only.chosen(flavor)
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
        "which container is Postgres cannot be told from \(Self.names(found.map(\.container))); name it in this annotation",
        .valueRequired)
    }
  }

  private struct Candidate {
    let container: Container
    let place: ContainerPlace
    let image: ImageReference

    init(_ container: Container, at place: ContainerPlace) {
      (self.container, self.place, image) = (container, place, ImageReference(container.image))
    }

    func isPossible(by sign: Sign) -> Bool {
      guard container.client == nil else { return false }
      // The container's name says more than a word in its image's name.
      return OtherImage(image) == nil || sign == .name && OtherImage.mayHoldServer(image)
    }

    func chosen(_ flavor: String?) throws(JSONError) -> ChosenPostgres {
      try ChosenPostgres(container, at: place, image, flavor: flavor)
    }
  }

  /// The containers with the strongest sign: the name, else the image, else other properties of a server. A classic
  /// sidecar is in the same list, but is not a candidate. Native sidecars are looked at where no other container has the name
  /// or image, or where it only waits: an application may have the server's password, and a native sidecar that backs it up
  /// the server's image.
  private static func candidates(_ pod: PodContainers, takesOnlyOne: Bool) throws(JSONError) -> [Candidate] {
    let all = pod.containers.enumerated().compactMap { index, container in
      container.name == SidecarContainer.name
        ? nil : Candidate(container, at: ContainerPlace(isInit: false, index: index))
    }
    let found = try candidates(all, by: [.name, .image])
    guard found.isEmpty else {
      guard pod.hasInitContainers, try running(of: found).isEmpty else { return found }
      let servers = try candidates(natives(of: pod), by: [.name, .image])
      return servers.isEmpty ? found : servers
    }
    let natives = try natives(of: pod)
    // What backs a server up has a volume of the server's.
    let mayBackUp = natives.isEmpty ? false : try !candidates(all, by: [.data]).isEmpty
    var servers: [Candidate] = []
    for native in natives {
      let hasOwnData = mayBackUp ? false : try native.container.hasVolumeForData()
      if hasOwnData || native.container.looksLikePostgres { servers.append(native) }
    }
    let further: [([Candidate], [Sign])] = [
      (servers, [.name, .image]), (all, [.server]),
      (natives, [.name, .image, .server]), (all, [.data]), (natives, [.data]),
    ]
    for (list, signs) in further {
      let found = try candidates(list, by: signs)
      guard found.isEmpty else { return found }
    }
    guard takesOnlyOne else { return [] }
    let possible = all.filter { $0.isPossible(by: .server) }
    return possible.count == 1 ? possible : []
  }

  private static func natives(of pod: PodContainers) throws(JSONError) -> [Candidate] {
    try pod.readInitContainers().enumerated().compactMap { index, other in
      other.restarts && other.container.name != SidecarContainer.name
        ? Candidate(other.container, at: ContainerPlace(isInit: true, index: index)) : nil
    }
  }

  /// Those that do not only wait.
  private static func running(of found: [Candidate]) throws(JSONError) -> [Candidate] {
    var running: [Candidate] = []
    for candidate in found where try candidate.container.serverArguments().waitingProgram == nil {
      running.append(candidate)
    }
    return running
  }

  private static func candidates(_ all: [Candidate], by signs: [Sign]) throws(JSONError) -> [Candidate] {
    for sign in signs {
      var found: [Candidate] = []
      for candidate in all where try sign.isAt(candidate.container, candidate.image) {
        if candidate.isPossible(by: sign) { found.append(candidate) }
      }
      guard found.count > 1 else {
        guard found.isEmpty else { return found }
        continue
      }
      // Beside a server, its image also runs poolers and backups, and shells for people.
      let servers = found.filter(\.container.looksLikePostgres)
      if servers.count == 1 { return servers }
      let running = try running(of: found)
      return running.count == 1 ? running : found
    }
    return []
  }

  /// What shows that a container is Postgres, the strongest first.
  private enum Sign {
    case name, image, server
    /// A volume where images keep a server's data. A backup beside it may have that, too.
    case data

    func isAt(_ container: Container, _ image: ImageReference) throws(JSONError) -> Bool {
      switch self {
      case .name: container.name == "postgres"
      case .image: image.name == "postgresql" || image.versionInName != nil || image.family != nil
      case .server: container.looksLikePostgres
      case .data: try container.hasVolumeForData()
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
