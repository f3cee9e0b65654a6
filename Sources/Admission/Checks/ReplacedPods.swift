import Contract
import Declarations
import JSONBytes
import KubernetesAPI

/// Dangers to the data when a workload replaces its Pods or has several.
///
/// A Deployment that surges starts the new Pod while the old one is still ending. On one node both can mount a
/// ReadWriteOnce volume, so that two servers write into one data folder and ruin it. Adding the label replaces the
/// Pods, as every change of the template does.
struct ReplacedPods {
  private(set) var findings = Findings()

  /// - Parameters:
  ///   - isNew: whether the label comes to the workload now, so that it can be refused.
  ///   - tellsReplicas: whether it matters how many replicas it has.
  init(
    _ object: CustomerObject, _ postgres: ChosenPostgres, isNew: Bool, tellsReplicas: Bool = true
  ) throws(JSONError) {
    guard object.role == .workload else { return }
    let shared = try SharedVolume(object, postgres)
    if tellsReplicas { try tellOfReplicas(object, postgres, shared, isNew: isNew) }
    guard let shared, object.kind == GroupVersionKind.deployment.kind,
      try Self.surges(object.spec.strategy, of: object.bytes)
    else { return }
    guard isNew else {
      findings.warn(
        shared.guessed(orElse: "type: Recreate")
          ?? "while Pods are replaced, two servers can ruin one volume: write strategy: {type: Recreate}")
      return
    }
    findings.refuse(
      "spec.strategy",
      "a rolling update starts a second Postgres on \(shared.volume) while the first still runs, which ruins the data: "
        + shared.wayOut("strategy: {type: Recreate}"), .valueForbidden)
  }

  private mutating func tellOfReplicas(
    _ object: CustomerObject, _ postgres: ChosenPostgres, _ shared: SharedVolume?, isNew: Bool
  ) throws(JSONError) {
    let replicas = Replicas(object)
    if replicas.count > 1, let shared, !object.isReplicated {
      let pods = "\(replicas.count) Pods of a \(object.kind) have \(shared.volume)"
      if isNew {
        findings.refuse(
          "spec.replicas",
          "\(pods), and two servers on it ruin the data: \(shared.wayOut("replicas: 1")); where each has a folder of its own there, and "
            + "something else replicates them, say so: \(AnnotationKey.replication): external", .valueForbidden)
      } else {
        findings.warn(
          shared.guessed(orElse: "replicas: 1") ?? "\(pods), on which two servers ruin the data: write replicas: 1")
      }
    } else if let variable = try postgres.copyingVariable() {
      findings.warn(
        "\(variable) makes this Postgres a copy, which takes no writes: declare on the server that it copies")
    } else if replicas.count > 1, !object.isReplicated, let replicator = try postgres.replicator() {
      findings.warn(
        "\(replicator) makes the \(replicas.count) replicas copies: say so by \(AnnotationKey.replication): external")
      findings.warn(
        "name the Service of \(replicator)'s leader by \(AnnotationKey.host), unless it has the workload's name")
    } else if replicas.count > 1, !object.isReplicated {
      let chosen = replicas.chosen(isReplicated: false)
      findings.warn(
        "\(replicas.count) replicas are as many servers with data of their own"
          + (chosen.map { ": connection Secrets are for \($0)" } ?? ", behind one host"))
      findings.warn("where something else replicates them, say so: \(AnnotationKey.replication): external")
    }
  }

  /// Whether new Pods start before the old ones are gone: with RollingUpdate, which is the default, unless `maxSurge`
  /// is 0 (Kubernetes docs, Deployments, "Strategy").
  private static func surges(_ slice: JSONSlice?, of bytes: [UInt8]) throws(JSONError) -> Bool {
    guard let slice else { return true }
    var isRolling = true
    var mostMore: String?
    var reader = JSONReader(slice, of: bytes)
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "type") {
        isRolling = try reader.optionalText() != "Recreate"
      } else if reader.matches(key, "rollingUpdate"), try reader.entersObject() {
        while let key = try reader.nextKey() {
          if reader.matches(key, "maxSurge") {
            mostMore = String(decoding: bytes[try reader.value().range], as: UTF8.self)
          } else {
            try reader.skip()
          }
        }
      } else if !reader.matches(key, "rollingUpdate") {
        try reader.skip()
      }
    }
    return isRolling && !["0", "\"0\"", "\"0%\""].contains(mostMore)
  }

  /// A volume on which several Pods of a workload have, or may have, one folder of data.
  private struct SharedVolume {
    /// Its name, where that is all that is known: something that is not seen here may say where the data are.
    private let guess: String?

    /// Nil where each Pod has its own. One of a StatefulSet has one of each claim by a template, and may have a node of its own.
    init?(_ object: CustomerObject, _ postgres: ChosenPostgres) throws(JSONError) {
      let isStatefulSet = object.kind == GroupVersionKind.statefulSet.kind
      let volumes = try Volumes(object.pod?.spec.volumes, of: object.bytes, countsNodes: !isStatefulSet)
      guard !volumes.lasting.isEmpty else { return nil }
      let data = try postgres.sharedDataVolumes(besides: volumes.readOnly)
      let claims = isStatefulSet ? try PodContainers.claimNames(object.spec.volumeClaimTemplates, of: object.bytes) : []
      // Of what may hold the data, that is the likeliest.
      guard !data.isGuess || data.names.isDisjoint(with: claims) else { return nil }
      // A claim by a template replaces the Pod's volume of its name.
      guard let name = data.names.intersection(volumes.lasting).subtracting(claims).min() else { return nil }
      guess = data.isGuess ? name : nil
    }

    /// As messages have it.
    var volume: String { guess.map { "volume \(quoted($0)) (it may hold the data)" } ?? "one volume" }

    /// A warning, short, with what helps in front: it is cut. Nil where all is known.
    func guessed(orElse what: String) -> String? {
      guess.map { "write PGDATA into env, or \(what): volume \(quoted($0)) may hold the data, which two servers ruin" }
    }

    /// - Parameter what: what is to be written where the data are on it.
    func wayOut(_ what: String) -> String {
      guess == nil ? "write \(what)" : "write PGDATA into env if the data are elsewhere, else \(what)"
    }
  }

  /// The volumes of a Pod by what they are (Kubernetes docs, "Volumes").
  private struct Volumes {
    /// Storage that two Pods can have at once. An inline CSI volume counts as such: some drivers mount a share by it.
    private(set) var lasting: Set<String> = []
    /// What no container can write.
    private(set) var readOnly: Set<String> = []

    private static let temporary: [StaticString] = ["emptyDir", "ephemeral", "gitRepo"]
    private static let unwritable: [StaticString] = ["configMap", "secret", "projected", "downwardAPI", "image"]

    init(_ slice: JSONSlice?, of bytes: [UInt8], countsNodes: Bool) throws(JSONError) {
      guard let slice else { return }
      var reader = JSONReader(slice, of: bytes)
      _ = try reader.elements { reader throws(JSONError) in
        var (name, isLasting, isReadOnly) = ("", false, false)
        try reader.beginObject()
        while let key = try reader.nextKey() {
          if reader.matches(key, "name") {
            name = try reader.optionalText() ?? ""
          } else if Self.temporary.contains(where: { reader.matches(key, $0) })
            || !countsNodes && reader.matches(key, "hostPath")
          {
            try reader.skip()
          } else if Self.unwritable.contains(where: { reader.matches(key, $0) }) {
            isReadOnly = try reader.optionalValue() != nil || isReadOnly
          } else if try reader.peek() == .object {
            var isForReading = false
            try reader.beginObject()
            while let key = try reader.nextKey() {
              if reader.matches(key, "readOnly") {
                isForReading = try reader.optionalBool()
              } else {
                try reader.skip()
              }
            }
            (isLasting, isReadOnly) = (isLasting || !isForReading, isReadOnly || isForReading)
          } else {
            try reader.skip()
          }
        }
        if isLasting { lasting.insert(name) }
        if isReadOnly { readOnly.insert(name) }
      }
    }
  }
}
