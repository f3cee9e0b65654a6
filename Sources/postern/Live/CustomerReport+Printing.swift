import Contract
import JSONBytes

extension CustomerReport {
  /// The report as people read it.
  var lines: [String] {
    func field(_ name: String, _ value: String) -> String {
      "\(name):".padding(12) + value.inOneLine
    }
    var lines = [
      field("Name", row.name.customer), field("Namespace", row.name.namespace), field("Workload", row.workload),
      field("Age", Age.text(since: row.created)), field("State", row.state.rawValue),
      field("Declared", row.declared.map { String($0.prefix(12)) } ?? "<unknown>"),
      field("Applied", row.applied ?? "<none>"),
    ]
    func section(_ name: String, _ heading: [String], _ rows: [[String]]) {
      lines.append("\(name):" + (rows.isEmpty ? " <none>" : ""))
      guard !rows.isEmpty else { return }
      lines += TextTable(heading: heading, rows: rows.map { $0.map { $0.isEmpty ? "-" : $0 } }, indent: "  ")
        .lines()
    }
    section(
      "Pods", ["NAME", "READY", "PHASE", "SIDECAR", "STATE", "AGE"],
      pods.map { pod in
        [
          pod.pod, pod.isReady ? "yes" : "no", pod.phase, version(of: pod), words(of: pod),
          Age.text(since: pod.created),
        ]
      })
    guard spec != nil else { return lines + problemLines }
    section(
      "Users", ["NAME", "GRANTS", "MEMBER OF", "VALID UNTIL", "SECRET", "PASSWORD AGE", "STATE"],
      users.map { user in
        [
          user.name, user.grants.joined(separator: ", "), user.memberOf.joined(separator: ", "), user.validUntil,
          user.secret, user.passwordWritten.map { Age.text(since: $0) } ?? (secrets == nil ? "<unknown>" : "<none>"),
          user.state,
        ]
      })
    section(
      "Databases", ["NAME", "OWNER", "EXTENSIONS", "SCHEMAS", "STATE"],
      databases.map { database in
        [
          database.name, database.owner, database.extensions.joined(separator: ", "),
          database.schemas.joined(separator: ", "), database.state,
        ]
      })
    section(
      "Scripts", ["DATABASE", "NAME", "RERUN"] + (scriptTimes == nil ? [] : ["RAN"]) + ["STATE"],
      scripts.map { script in
        let ran = script.ranAt.map { Age.text(since: $0) } ?? ""
        return [script.database, script.name, script.rerun] + (scriptTimes == nil ? [] : [ran]) + [script.state]
      })
    return lines + problemLines
  }

  private var problemLines: [String] {
    row.problems.isEmpty ? ["Problems: <none>"] : ["Problems:"] + row.problems.map { "  \($0)" }
  }

  var json: JSONValue {
    func texts(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }
    return .members([
      ("apiVersion", .string(VolumeLayout.apiVersion)), ("kind", .string("Customer")), ("summary", row.json),
      (
        "pods",
        .array(
          pods.map { pod in
            .members([
              ("name", .string(pod.pod)), ("ready", .bool(pod.isReady)), ("phase", .string(pod.phase)),
              ("sidecarVersion", .string(version(of: pod))), ("state", .string(words(of: pod))),
              ("created", .string(pod.created)),
            ])
          })
      ),
      (
        "users",
        spec.map { _ in
          .array(
            users.map { user in
              .members([
                ("name", .string(user.name)), ("grants", texts(user.grants)), ("memberOf", texts(user.memberOf)),
                ("validUntil", user.validUntil.isEmpty ? nil : .string(user.validUntil)),
                ("secret", .string(user.secret)), ("passwordWritten", user.passwordWritten.map { .string($0) }),
                ("state", .string(user.state)),
              ])
            })
        }
      ),
      (
        "databases",
        spec.map { _ in
          .array(
            databases.map { database in
              .members([
                ("name", .string(database.name)), ("owner", .string(database.owner)),
                ("extensions", texts(database.extensions)), ("schemas", texts(database.schemas)),
                ("state", .string(database.state)),
              ])
            })
        }
      ),
      (
        "scripts",
        spec.map { _ in
          .array(
            scripts.map { script in
              .members([
                ("database", .string(script.database)), ("name", .string(script.name)),
                ("rerun", .string(script.rerun)), ("ranAt", script.ranAt.map { .string($0) }),
                ("state", .string(script.state)),
              ])
            })
        }
      ),
      ("problems", texts(row.problems)),
      ("notes", notes.isEmpty ? nil : texts(notes)),
    ])
  }
}

extension String {
  fileprivate func padding(_ width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
