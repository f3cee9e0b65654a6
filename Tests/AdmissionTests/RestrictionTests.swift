import Admission
import JSONBytes
import Testing

/// Settings that were once allowed: a new object is refused for them; an existing one can still be changed and
/// replaced.
@Suite struct RestrictionTests {
  private static let reader = #"{"postern.io/users":"- {name: a, memberOf: [pg_read_all_data]}"}"#
  private static let more = #"{"postern.io/users":"- {name: b}\n- {name: a, memberOf: [pg_read_all_data]}"}"#

  private func customer(_ name: String, _ object: JSONValue) throws -> JSONValue {
    try object.adding("/metadata/labels/postern.io~1customer", #""\#(name)""#)
  }

  @Test(arguments: ["a-pg-user-b", "a-pg-pg-b", "x-pg-y"])
  func customersWhoseObjectsCouldBeAnothersAreRefused(name: String) throws {
    let old = try customer(name, deployment(annotations: #"{"postern.io/users":"a"}"#))
    for path in AdmissionPath.allCases {
      #expect(try post(old, path).fields == ["metadata.labels[postern.io/customer]"])
      #expect(try post(customer(name, pod()), path).fields == ["metadata.labels[postern.io/customer]"])
      // An existing object can still be updated.
      let changed = try customer(name, deployment(annotations: #"{"postern.io/users":"a, b"}"#))
      #expect(try post(changed, path, replacing: old).isAllowed)
      #expect(try post(customer(name, pod()).ownedByController("ReplicaSet", "r"), path).isAllowed)
      let relabelled = try customer("z-pg-z", deployment(annotations: #"{"postern.io/users":"a"}"#))
      #expect(try !post(relabelled, path, replacing: old).isAllowed)
    }
    for fine in ["a-pg", "pg", "pg-user", "a-pgx-b"] {
      #expect(try post(customer(fine, deployment()), .validate).isAllowed)
    }
  }

  @Test func aRoleThatReadsPasswordHashesIsRefused() throws {
    let old = try deployment(annotations: Self.reader)
    let refused = try post(old, .validate)
    #expect(refused.fields == ["metadata.annotations[postern.io/users][0].memberOf[0]"])
    #expect(refused.causes.first?.message.contains("pg_authid") == true)
    #expect(try post(deployment(annotations: Self.more), .validate, replacing: old).isAllowed)
  }

  @Test(arguments: [
    "pg_write_all_data", "pg_signal_backend", "pg_checkpoint", "pg_maintain", "pg_use_reserved_connections",
    "pg_create_subscription", "pg_signal_autovacuum_worker",
  ])
  func whatARoleOpensIsSaid(role: String) throws {
    let users = #"{"postern.io/users":"- {name: a, memberOf: [\#(role), pg_monitor]}"}"#
    let reply = try post(deployment(annotations: users), .validate)
    #expect(reply.isAllowed)
    #expect(reply.warnings.filter { $0.contains("reaches beyond") }.count == 1)
    #expect(reply.warnings.first?.contains("\"\(role)\" reaches beyond") == true)
  }

  @Test(arguments: [
    ("pg_write_all_data", 14), ("pg_checkpoint", 15), ("pg_use_reserved_connections", 16),
    ("pg_create_subscription", 16),
    ("pg_maintain", 17), ("pg_signal_autovacuum_worker", 18),
  ])
  func aRoleThatIsNewerThanTheImageIsWarnedOf(role: String, version: Int) throws {
    let users = #"{"postern.io/users":"- {name: a, memberOf: [\#(role), pg_monitor]}"}"#
    for image in [version - 1, version] {
      let text = #""postgres:\#(image)""#
      let objects = [
        try deployment(annotations: users).adding("/spec/template/spec/containers/0/image", text),
        try pod(metadata: #","annotations":\#(users)"#).adding("/spec/containers/0/image", text),
      ]
      for object in objects {
        let reply = try post(object, .validate)
        #expect(reply.isAllowed)
        let told = reply.warnings.filter { $0.contains("needs Postgres") }
        let expected = "postern: user \"a\": \"\(role)\" needs Postgres \(version), and the image is of \(image)"
        #expect(told == (image < version ? [expected] : []))
      }
    }
  }

  @Test func anEncodingThatItsLocaleDoesNotTakeIsRefusedWhereItIsNew() throws {
    func declaring(_ more: String) throws -> JSONValue {
      try deployment(
        annotations:
          #"{"postern.io/users":"a","postern.io/databases":"- {name: x, encoding: LATIN1, locale: C.UTF-8}\#(more)"}"#)
    }
    let refused = try post(declaring(""), .validate)
    #expect(refused.fields == ["metadata.annotations[postern.io/databases][0].locale"])
    #expect(refused.causes.first?.message.contains("takes the encoding UTF8, and not LATIN1") == true)
    #expect(try post(declaring("\\n- y"), .validate, replacing: declaring("")).isAllowed)
  }

  @Test(arguments: ["pg_read_server_files", "pg_write_server_files", "pg_execute_server_program", "pg_database_owner"])
  func rolesThatReachFilesAreRefused(role: String) throws {
    let users = #"{"postern.io/users":"- {name: a, memberOf: [\#(role)]}"}"#
    #expect(try !post(deployment(annotations: users), .validate).isAllowed)
  }

  /// Thousands of users with the longest possible names, each with everything that a user can have.
  @Test func whatDoesNotFitIntoTheConfigMapIsRefusedByNameAndSize() throws {
    let users = (0..<3_500).map { "- {name: user-\($0), connectionLimit: 1000000, validUntil: infinity}" }
      .joined(separator: "\\n")
    #expect(try post(deployment(annotations: #"{"postern.io/users":"\#(users)"}"#), .validate).isAllowed)
    let sql = "SELECT '" + String(repeating: "x", count: 200_000) + "'"
    let script = #"- {name: a, owner: u, scripts: [{name: s, sql: &s \"\#(sql)\"}, {name: t, sql: *s}]}"#
    let twice = try deployment(annotations: #"{"postern.io/users":"u","postern.io/databases":"\#(script)"}"#)
    #expect(try post(twice, .validate).isAllowed, "one text is one file")
    let ofTen =
      "- {name: a, owner: u, scripts: [{name: s, sql: &s \\\"\(sql)\\\"}"
      + (0..<6).map { ", {name: t\($0), sql: *s}" }.joined() + "]}"
    let reply = try post(
      deployment(annotations: #"{"postern.io/users":"u","postern.io/databases":"\#(ofTen)"}"#), .validate)
    #expect(reply.causes.first?.message.contains("more than 1048576 bytes of text, aliases expanded") == true)
  }
}
