import Contract
import DatabaseSpec
import Declarations
import Instances
import OpenSSL
import TextEncoding

/// What the Pods of an instance must have, and how to ask them for it.
struct Expectation: Equatable, Sendable {
  /// The object that Events are about.
  var workload: Instance.Workload
  /// SHA-256 of the `spec.json` that is mounted.
  var specHash: String
  /// ``VolumeLayout/generationFile``
  var generation: String?
  /// The token for the sidecar's status.
  var token: String?
  /// A summary such as `2 users, 1 database, 3 scripts`.
  var summary: String
  /// Whether a password of it turns, so that the Pods' logins matter.
  var rotates = false

  init(
    workload: Instance.Workload, specHash: String, generation: String?, token: String?, summary: String
  ) {
    self.workload = workload
    self.specHash = specHash
    self.generation = generation
    self.token = token
    self.summary = summary
  }

  /// The expectation from what is written for an instance.
  init(_ objects: InstanceObjects, of workload: Instance.Workload) {
    let spec = objects.spec.data[VolumeLayout.specFile] ?? ""
    let declared = objects.declaration.spec
    func count(_ number: Int, _ one: String) -> String { "\(number) \(one)\(number == 1 ? "" : "s")" }
    self.init(
      workload: workload, specHash: Hex.encoded(Digest.sha256(Array(spec.utf8))),
      generation: objects.passwords.data[VolumeLayout.generationFile],
      token: objects.passwords.data[VolumeLayout.statusTokenFile],
      summary: [
        count(declared.users.count { $0.ensure == .present }, "user"), count(declared.databases.count, "database"),
        count(declared.databases.reduce(0) { $0 + $1.scripts.count }, "script"),
      ].joined(separator: ", "))
    rotates = objects.rotations.contains { !$0.decision.isOver }
  }

  /// The declaration's name in conditions and Events.
  var about: String { "declaration \(specHash.prefix(12))" }
}
