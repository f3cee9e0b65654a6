import Contract
import Declarations
import JSONBytes
import KubernetesAPI

/// What a Pod's connections add to it, and what is in the way. It only adds: what the user wrote stays as it is.
struct ConnectPlan {
  /// What a container gets.
  struct Addition {
    /// `containers` or `initContainers`.
    let list: String
    let index: Int
    let hasEnvironment: Bool
    let hasMounts: Bool
    var variables: [BoundVariable] = []
    /// The volumes' names, and where they are mounted.
    var mounts: [(volume: String, path: String)] = []
  }

  /// The most variables and mounts that are added. Kubernetes stores no Pod that has nearly as many, and a small review
  /// must not be answered by a huge patch.
  private static let maximumAdditions = 10_000
  /// After this many unknown containers there are no more hints, because finding similar names takes time.
  private static let maximumHints = 100
  /// After this many unknown containers no more are told.
  private static let maximumUnknown = 1_000

  let pod: ConnectedPod
  /// Nil where nothing is waited for.
  let mesh: Mesh?
  let connections: [DeclaredConnection]
  /// The names of the containers that connections name; nil for all.
  private let named: [Set<String>?]
  private(set) var additions: [Addition] = []
  private(set) var findings = Findings()
  private let field: String

  /// - Parameters:
  ///   - postgres: the Postgres container of a customer's own Pod, which gets nothing unless it is named: a server reads
  ///     PGPORT and its like, too.
  ///   - customer: the customer whose Postgres the Pod holds.
  init(
    _ target: ConnectTarget, _ connections: [DeclaredConnection], postgres: String?, customer: String?
  ) throws(JSONError) {
    self.connections = connections
    named = connections.map { $0.containers.map { Set($0.map(\.name)) } }
    field = target.field
    pod = try ConnectedPod(target.pod.spec, of: target.bytes)
    mesh = connections.contains(where: \.waits) ? try Mesh(pod, target.pod.metadata, of: target.bytes) : nil
    refuseUnknownContainers()
    refuseWaiting(inPodOf: postgres == nil ? nil : customer)
    judgeRestarts(target)
    refuseClashes(isConnected: target.metadata.isConnected)
    if pod.asksNode {
      findings.warn("this Pod asks the node's resolver, which knows no Service: set dnsPolicy: ClusterFirstWithHostNet")
    }
    if let warning = mesh?.warning { findings.warn(warning) }
    var count = 0
    for (list, containers) in [("initContainers", pod.initContainers), ("containers", pod.containers)] {
      for (index, container) in containers.enumerated() where count <= Self.maximumAdditions {
        let isOurs =
          container.name == SidecarContainer.name && target.metadata.isInjected
          || container.name == ServiceBinding.waitContainer && target.metadata.isConnected
        guard !isOurs else { continue }
        count += add(to: container, list, index, isPostgres: container.name == postgres)
      }
    }
    if count > Self.maximumAdditions {
      additions = []
      refuse("", "more than \(Self.maximumAdditions) variables and mounts would be added; name fewer containers")
    }
  }

  /// The volume of a connection.
  static func volume(_ index: Int) -> String { "\(ServiceBinding.volumePrefix)\(index)" }

  /// The connections whose databases are waited for, with their volumes.
  var awaited: [(volume: String, connection: DeclaredConnection)] {
    connections.enumerated().filter(\.element.waits).map { (Self.volume($0.offset), $0.element) }
  }

  /// Whether the Pod has the volume already, by an earlier call.
  func hasVolume(_ index: Int) -> Bool { pod.volumes.contains { $0.name == Self.volume(index) } }

  // MARK: Containers

  /// - Returns: how much is added.
  private mutating func add(
    to container: ConnectedContainer, _ list: String, _ index: Int, isPostgres: Bool
  ) -> Int {
    let isOthers = isPostgres || OthersContainer.names.contains(container.name)
    let own = connections.indices.filter { named[$0]?.contains(container.name) ?? !isOthers }
    guard !own.isEmpty else { return 0 }
    var addition = Addition(
      list: list, index: index, hasEnvironment: container.hasEnvironment, hasMounts: container.hasMounts)
    let root = container.root ?? ServiceBinding.root
    if container.root == nil {
      findings.warn(
        "container \(quoted(container.name)) computes \(ServiceBinding.rootVariable): files are below \(ServiceBinding.root)"
      )
    }
    var variables =
      container.variables[ServiceBinding.rootVariable] == nil
      ? [BoundVariable(name: ServiceBinding.rootVariable, value: .literal(root))] : []
    var kept: [String] = []
    for number in own {
      let connection = connections[number]
      let folder = "\(root == "/" ? "" : root)/\(connection.name)"
      mount(Self.volume(number), of: connection, at: folder, in: container, &addition)
      for variable in BoundVariable.all(of: connection, folder: folder) {
        guard let existing = container.variables[variable.name] else {
          variables.append(variable)
          continue
        }
        if !variable.isSame(as: existing) { kept.append(variable.name) }
      }
    }
    if !kept.isEmpty {
      findings.warn("container \(quoted(container.name)) sets \(kept.joined(separator: ", ")) itself: that stays")
    }
    addition.variables = variables
    if !addition.variables.isEmpty || !addition.mounts.isEmpty { additions.append(addition) }
    return addition.variables.count + addition.mounts.count
  }

  private mutating func mount(
    _ volume: String, of connection: DeclaredConnection, at path: String, in container: ConnectedContainer,
    _ addition: inout Addition
  ) {
    let field = "\(field)spec.\(addition.list)[\(addition.index)].volumeMounts"
    var isMounted = false
    for mount in container.mounts {
      if mount.path == path, mount.volume == volume {
        isMounted = true
      } else if mount.path == path {
        findings.refuse(
          field,
          "\(quoted(mount.volume)) is mounted at \(path), where the connection's files are to be; mount it elsewhere, or "
            + "write name: for the connection", .valueDuplicate)
      } else if MountPath.isAtOrBelow(mount.path, path) {
        tell(of: mount, below: path, of: connection, field)
      } else if mount.isReadOnly, MountPath.isAtOrBelow(path, mount.path),
        pod.volumes.contains(where: { $0.name == mount.volume && !$0.hasFolders })
      {
        findings.warn(
          "\(quoted(mount.volume)) is read-only at \(mount.path): without a folder for \(path) in it the Pod never starts"
        )
      }
    }
    if !isMounted { addition.mounts.append((volume, path)) }
  }

  /// The kubelet makes the folder to mount at, in the volume of the connection's files.
  private mutating func tell(
    of mount: ConnectedContainer.Mount, below path: String, of connection: DeclaredConnection, _ field: String
  ) {
    let rest = mount.path.utf8.dropFirst(path == "/" ? 1 : path.utf8.count + 1)
    let first = String(decoding: rest.prefix { $0 != UInt8(ascii: "/") }, as: UTF8.self)
    if SecretKey.mayBeKey(first) {
      findings.refuse(
        field,
        "\(quoted(mount.volume)) is mounted at \(mount.path), which is a file of the connection's; mount it elsewhere, or "
          + "write name: for the connection", .valueDuplicate)
    } else if mount.isPart {
      findings.warn("the part of \(quoted(mount.volume)) at \(mount.path) must be a folder, or the Pod never starts")
    }
  }

  // MARK: Refusals

  private mutating func refuse(_ path: String, _ message: String) {
    findings.refuse("\(field)metadata.annotations[\(AnnotationKey.connections)]\(path)", message)
  }

  private mutating func refuseUnknownContainers() {
    let names = pod.initContainers.map(\.name) + pod.containers.map(\.name)
    let known = Set(names)
    let unknown = connections.lazy.flatMap { $0.containers ?? [] }.filter { !known.contains($0.name) }
    for (index, container) in unknown.prefix(Self.maximumUnknown + 1).enumerated() {
      guard index < Self.maximumUnknown else {
        refuse(container.path, "more than \(Self.maximumUnknown) containers are named that are not there")
        break
      }
      let nearest = index >= Self.maximumHints ? nil : Suggestion.nearest(to: container.name, among: names)
      let hint =
        nearest.map { "did you mean \(quoted($0))?" }
        ?? "there is \(names.prefix(5).map(quoted).joined(separator: ", "))"
      refuse(container.path, "there is no container \(quoted(container.name)); \(hint)")
    }
  }

  private mutating func refuseWaiting(inPodOf customer: String?) {
    for connection in connections where connection.waits {
      if connection.customer == customer {
        refuse(
          "\(connection.path).wait",
          "this Pod holds customer \(quoted(connection.customer))'s Postgres, which starts only after what is waited for: "
            + "remove wait")
      }
      if pod.isWindows { refuse("\(connection.path).wait", "what waits is a program for Linux; remove wait") }
    }
  }

  /// No Pod is restarted that may hold a Postgres, none that nothing would make anew, and none that ends by itself.
  private mutating func judgeRestarts(_ target: ConnectTarget) {
    let lasting: [String: String] = [
      GroupVersionKind.pod.kind: "a Pod that nothing would make anew",
      GroupVersionKind.job.kind: "a Job's Pods, which end by themselves",
      GroupVersionKind.cronJob.kind: "a CronJob's Pods, which end by themselves",
    ]
    for connection in connections where connection.restarts {
      if let customer = target.metadata.customer {
        refuse(
          "\(connection.path).restart",
          "a Pod with label \(AnnotationKey.customerLabel): \(customer) may hold a Postgres, and Postern restarts none: "
            + "remove restart")
      } else if let pods = lasting[target.kind], !target.isMade {
        findings.warn("connection \(quoted(connection.name)), restart: Postern does not restart \(pods)")
      }
    }
  }

  /// The user's own volumes and containers with names of ours.
  private mutating func refuseClashes(isConnected: Bool) {
    for (index, volume) in pod.volumes.enumerated() {
      guard let number = connections.indices.first(where: { Self.volume($0) == volume.name }),
        volume.secret != BoundVariable.secret(of: connections[number])
      else { continue }
      findings.refuse(
        "\(field)spec.volumes[\(index)].name",
        "\"\(volume.name)\" is the name of what Postern adds for a connection; give yours another one, or take out what "
          + "was printed for other connections", .valueDuplicate)
    }
    guard !awaited.isEmpty, !isConnected else { return }
    for (list, containers) in [("initContainers", pod.initContainers), ("containers", pod.containers)] {
      for (index, container) in containers.enumerated() where container.name == ServiceBinding.waitContainer {
        findings.refuse(
          "\(field)spec.\(list)[\(index)].name",
          "\"\(container.name)\" is the name of what Postern adds to the Pod; give yours another one", .valueDuplicate)
      }
    }
  }
}

extension SecretKey {
  /// Whether a user's Secret may have this key.
  fileprivate static func mayBeKey(_ name: String) -> Bool {
    name == serviceFile || choosable.contains(name)
      || [uri(label: ""), jdbcURI(label: ""), database(label: "")].contains { name.utf8.starts(with: $0.utf8) }
  }
}
