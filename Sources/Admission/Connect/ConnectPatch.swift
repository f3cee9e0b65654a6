import Contract
import Declarations
import JSONBytes
import JSONPatch

/// The patch that a plan needs.
struct ConnectPatch {
  let plan: ConnectPlan
  let target: ConnectTarget
  let settings: AdmissionSettings

  /// The operations, in an order in which no index is changed by an earlier one; nil where nothing is missing. What a
  /// call before has added is not added again.
  func bytes() throws(JSONError) -> [UInt8]? {
    var patch = PatchWriter()
    if !target.metadata.isConnected { patch.add(.connected, hasAnnotations: target.metadata.hasAnnotations) }
    let missing = plan.connections.indices.filter { !plan.hasVolume($0) }
    patch.append(missing, to: .volumes, isThere: plan.pod.hasVolumes) { writeVolume($0, &$1) }
    for addition in plan.additions {
      let container = JSONPointer("spec", addition.list).appending(String(addition.index))
      writeVariables(addition, container.appending("env"), &patch)
      patch.append(addition.mounts, to: ArrayPlace(container.appending("volumeMounts")), isThere: addition.hasMounts) {
        $1.mount($0.volume, at: $0.path, readOnly: true)
      }
    }
    if let wait = try WaitContainer(plan, target, settings) { wait.add(to: &patch) }
    return patch.isEmpty ? nil : patch.finished()
  }

  /// First, so that the user's own variables can refer to them.
  private func writeVariables(_ addition: ConnectPlan.Addition, _ list: JSONPointer, _ patch: inout PatchWriter) {
    guard !addition.variables.isEmpty else { return }
    guard addition.hasEnvironment else {
      patch.add(list) { writer in
        writer.array { writer in for variable in addition.variables { Self.write(variable, &writer) } }
      }
      return
    }
    let first = list.appending("0")
    for variable in addition.variables.reversed() { patch.add(first) { Self.write(variable, &$0) } }
  }

  private static func write(_ variable: BoundVariable, _ writer: inout JSONWriter) {
    switch variable.value {
    case .literal(let text): writer.variable(variable.name, BoundVariable.escaped(text))
    case .key(let secret, let key, let isOptional):
      writer.variable(variable.name, of: secret, key: key, isOptional: isOptional)
    }
  }

  /// The user's Secret. It is never optional: a Pod that is early waits for it. Where a database is chosen, the files
  /// `database`, `uri` and `jdbc-uri` are those of this database; of two sources with one path, the later counts.
  private func writeVolume(_ index: Int, _ writer: inout JSONWriter) {
    let connection = plan.connections[index]
    let secret = BoundVariable.secret(of: connection)
    writer.object { writer in
      writer.member("name", ConnectPlan.volume(index))
      guard connection.database != nil else {
        writer.key("secret")
        writer.object { $0.member("secretName", secret) }
        return
      }
      writer.part(#","projected":{"sources":[{"secret":{"name":"#)
      writer.string(secret)
      writer.part(#"}},{"secret":{"name":"#)
      writer.string(secret)
      writer.key("items")
      writer.array { writer in
        for (key, file) in connection.keysOfDatabase {
          writer.object { writer in
            writer.member("key", key)
            writer.member("path", file)
          }
        }
      }
      writer.part("}}]}")
    }
  }
}
