import Admission
import JSONBytes
import KubernetesAPI
import Testing

private let broken = #"{"postern.io/users":"- name: shop\n- nam: x\n- name: pg_x\n","postern.io/prot":"1"}"#

@Suite struct ValidationTests {
  @Test func allErrorsComeTogetherEachWithItsPlace() throws {
    let reply = try post(deployment(annotations: broken), .validate)
    #expect(!reply.isAllowed && reply.patch == nil && reply.response?["patchType"] == nil)
    #expect(reply.status?["code"] == .number("422"))
    #expect(reply.status?["reason"]?.string == "Invalid")
    #expect(reply.status?.at("details", "kind")?.string == "Deployment")
    #expect(reply.status?.at("details", "group")?.string == "apps")
    #expect(reply.status?.at("details", "name")?.string == "db")
    #expect(reply.causes.count >= 3)
    #expect(reply.fields.contains("metadata.annotations[postern.io/prot]"))
    #expect(reply.fields.contains("metadata.annotations[postern.io/users][2].name"))
    #expect(reply.causes.contains { $0.message.hasPrefix("line 2, column ") })
    #expect(reply.causes.contains { $0.message.hasSuffix(#"; did you mean "postern.io/port"?"#) })
    #expect(reply.causes.allSatisfy { $0.reason.hasPrefix("FieldValue") && !$0.message.isEmpty })
    let message = try #require(reply.status?["message"]?.string)
    #expect(reply.causes.allSatisfy { message.contains($0.field) && message.contains($0.message) })
    #expect(reply.answer.record.causes == reply.causes.count)
    #expect(reply.answer.record.decision == .denied)
  }

  @Test func theSameIsSaidOfPodTemplateDeploymentAndStatefulSet() throws {
    func said(_ object: JSONValue, _ path: AdmissionPath = .validate) throws -> [String] {
      try post(object, path).causes.map { "\($0.field): \($0.message)" }
    }
    let causes = try said(deployment(annotations: broken))
    #expect(causes.count >= 3)
    #expect(try said(deployment(annotations: broken, kind: "StatefulSet")) == causes)
    #expect(try said(pod(metadata: #","annotations":\#(broken)"#)) == causes)
    #expect(try said(pod(metadata: #","annotations":\#(broken)"#), .mutate) == causes)
    for kind in ["Deployment", "StatefulSet"] {
      let template = try deployment(templateMetadata: #"{"annotations":\#(broken)}"#, kind: kind)
      #expect(try said(template) == causes.map { "spec.template." + $0 })
    }
  }

  @Test func bothAddressesRefuseTheSameOfAWorkload() throws {
    let object = try deployment(annotations: broken)
    #expect(try post(object, .mutate).fields == post(object, .validate).fields)
  }

  @Test(arguments: ["", "Acme", "a_b", "-a", "a-", String(repeating: "a", count: 41), "é"])
  func customersAreDNSLabelsOfAtMost40Characters(customer: String) throws {
    let field = "metadata.labels[postern.io/customer]"
    let ofPod = try pod().adding("/metadata/labels/postern.io~1customer", #""\#(customer)""#)
    #expect(try post(ofPod, .mutate).fields == [field])
    let workload = try deployment().adding("/metadata/labels/postern.io~1customer", #""\#(customer)""#)
    #expect(try post(workload, .validate).fields == [field])
    let template = try deployment(templateMetadata: #"{"labels":{"postern.io/customer":"\#(customer)"}}"#)
      .removing("/metadata/labels")
    #expect(try post(template, .validate).fields == ["spec.template.\(field)"])
  }

  @Test func anUpdateThatLeavesBrokenDeclarationsIsNotRefused() throws {
    for object in [
      try deployment(annotations: broken), try deployment(annotations: broken, kind: "StatefulSet"),
      try deployment(templateMetadata: #"{"annotations":\#(broken)}"#).adding("/metadata/annotations", "{}"),
      try pod(metadata: #","annotations":\#(broken)"#),
    ] {
      for key in ["other", "postern.io~1updated"] {
        let changed = try object.adding("/metadata/annotations/\(key)", #""x""#)
        for path in AdmissionPath.allCases { #expect(try post(changed, path, replacing: object).isAllowed) }
      }
      let moved = try object.adding("/metadata/annotations/postern.io~1port", #""5433""#)
      #expect(try !post(moved, .validate, replacing: object).isAllowed)
      let relabelled = try object.adding("/metadata/labels/postern.io~1customer", #""other""#)
      #expect(try !post(relabelled, .validate, replacing: object).isAllowed)
    }
  }

  @Test func aPodOfAWorkloadNeedsNoDeclarationOfItsOwn() throws {
    for path in AdmissionPath.allCases { #expect(try post(pod(), path).isAllowed) }
  }

  /// The superuser's objects are the server's.
  @Test func theSuperuserIsNotRenamed() throws {
    let podSpec = """
      {"containers":[{"name":"db","image":"postgres:17","env":[{"name":"POSTGRES_USER","value":"app"},
       {"name":"POSTGRES_PASSWORD","value":"x"}]}]}
      """
    let object = try deployment(
      annotations: #"{"postern.io/users":"- b\n- {name: a, renamedFrom: app}"}"#, podSpec: podSpec)
    let causes = try post(object, .validate).causes
    #expect(causes.map(\.field) == ["metadata.annotations[postern.io/users][1].renamedFrom"])
    #expect(causes.first?.message.hasPrefix(#""app" is the superuser of this Postgres"#) == true)
  }

  /// Neither is its name that of a user's second login, wherever that name is known from.
  @Test(
    arguments: [
      ("postgres:17", "POSTGRES_USER", "app_b", "{name: app, rotate: 30d}", "rotate"),
      ("postgres:17", "POSTGRES_USER", "pg_b", "{name: pg, rotate: {every: 30d, overlap: 1d}}", "rotate"),
      ("postgres:17", "POSTGRES_USER", "app_b", "{name: app, renamedFrom: old, rotate: 30d}", "rotate"),
      ("postgres:17", "POSTGRES_USER", "app_b", "{name: app, renamedFrom: app_b}", "renamedFrom"),
      (
        "postgres:17", "POSTGRES_USER", String(repeating: "a", count: 61) + "_b",
        "{name: \(String(repeating: "a", count: 61)), rotate: 30d}", "rotate"
      ),
      ("postgis/postgis:17-3.5", "POSTGRES_USER", "$(WHO)_b", "{name: app, rotate: 30d}", "rotate"),
      ("postgres:17", "POSTGRES_USER", "app_b", "{name: app}", nil),
      ("postgres:17", "POSTGRES_USER", "app_b", "{name: app_c, rotate: 30d}", nil),
      ("postgres:17", "POSTGRES_USER", "app_b", "{name: app, renamedFrom: app_a}", nil),
    ] as [(String, String, String, String, String?)])
  func theSuperuserIsNobodysSecondLogin(
    image: String, variable: String, superuser: String, user: String, key: String?
  ) throws {
    let podSpec = """
      {"containers":[{"name":"db","image":"\(image)","env":[{"name":"WHO","value":"app"},
       {"name":"\(variable)","value":"\(superuser)"},{"name":"POSTGRES_PASSWORD","value":"x"}]}]}
      """
    for more in ["", "\\n- {nme: x}"] {
      let object = try deployment(
        annotations: #"{"postern.io/users":"- b\n- \#(user)\#(more)"}"#, podSpec: podSpec)
      let causes = try post(object, .validate).causes.filter {
        $0.message.contains("is the superuser of this Postgres")
      }
      #expect(causes.map(\.field) == (key.map { ["metadata.annotations[postern.io/users][1].\($0)"] } ?? []))
    }
  }

  /// What an update removes: before, after, and the warnings.
  @Test(arguments: [
    (
      #"{"postern.io/users":"a, b"}"#, #"{"postern.io/users":"a"}"#,
      ["user \"b\" will be locked (removed from postern.io/users)"]
    ),
    (
      #"{"postern.io/users":"a, b, c"}"#, #"{"postern.io/users":"a","postern.io/removed-users":"drop"}"#,
      [
        "postern.io/removed-users changes from lock to drop: users that were removed earlier will be dropped",
        "user \"b\" will be dropped (removed from postern.io/users)",
        "user \"c\" will be dropped (removed from postern.io/users)",
      ]
    ),
    (
      #"{"postern.io/users":"a, b"}"#,
      #"{"postern.io/users":"- a\n- {name: c, renamedFrom: b}","postern.io/removed-users":"drop"}"#,
      [
        "postern.io/removed-users changes from lock to drop: users that were removed earlier will be dropped",
        "user \"b\" is renamed to \"c\": nobody logs in by the old name then",
      ]
    ),
    (
      #"{"postern.io/users":"a","postern.io/databases":"d, e"}"#,
      #"{"postern.io/users":"a","postern.io/databases":"- d\n- {name: f, renamedFrom: e}"}"#,
      ["database \"e\" is renamed to \"f\" as soon as nobody is connected to it"]
    ),
    (
      #"{"postern.io/users":"a, b"}"#, #"{"postern.io/users":"a","postern.io/removed-users":"keep"}"#,
      ["user \"b\" stays as it is (removed from postern.io/users)"]
    ),
    (
      #"{"postern.io/users":"a, b"}"#, #"{"postern.io/users":"- name: a\n- name: b\n  ensure: absent\n"}"#,
      ["user \"b\" will be dropped (ensure: absent)"]
    ),
    (
      #"{"postern.io/users":"a","postern.io/databases":"x, y"}"#,
      #"{"postern.io/users":"a","postern.io/databases":"y"}"#,
      ["database \"x\" is no longer kept, its data stays (removed from postern.io/databases)"]
    ),
    (
      #"{"postern.io/users":"- name: a\n- name: b\n  grants: {x: read}\n","postern.io/databases":"- {name: x, owner: a}"}"#,
      #"{"postern.io/users":"- name: a\n- name: b\n","postern.io/databases":"- {name: x, owner: a}"}"#,
      ["user \"b\" loses read on database \"x\""]
    ),
    (
      #"{"postern.io/users":"- name: a\n- name: b\n  grants: {x: write}\n","postern.io/databases":"- {name: x, owner: a}"}"#,
      #"{"postern.io/users":"- name: a\n- name: b\n  grants: {x: read}\n","postern.io/databases":"- {name: x, owner: a}"}"#,
      ["user \"b\" loses write on database \"x\""]
    ),
    (
      #"{"postern.io/users":"- name: a\n- name: b\n  grants: {x: read}\n","postern.io/databases":"- {name: x, owner: a}"}"#,
      #"{"postern.io/users":"- name: a\n- name: b\n  grants: {x: write}\n","postern.io/databases":"- {name: x, owner: a}"}"#,
      []
    ),
    (
      #"{"postern.io/users":"- name: a\n- name: b\n  grants: {x: read}\n","postern.io/databases":"- {name: x, owner: a}"}"#,
      #"{"postern.io/users":"a, b","postern.io/databases":"- {name: x, owner: b}"}"#,
      ["database \"x\" will be owned by \"b\", and no longer by \"a\""]
    ),
    (
      #"{"postern.io/users":"[{name: a, memberOf: [b, pg_monitor]}, {name: b}]"}"#,
      #"{"postern.io/users":"[{name: a, memberOf: [b]}, {name: b}]"}"#,
      ["user \"a\" is no longer a member of \"pg_monitor\""]
    ),
    (
      #"{"postern.io/users":"a","postern.io/users-from":"s/k"}"#, #"{"postern.io/users":"a"}"#,
      ["users that only s/k names will be locked (postern.io/users-from changed)"]
    ),
    (#"{"postern.io/users":"a"}"#, #"{"postern.io/users":"a, b"}"#, []),
    (
      #"{"postern.io/users":"a"}"#, #"{"postern.io/users":"a","postern.io/removed-users":"drop"}"#,
      ["postern.io/removed-users changes from lock to drop: users that were removed earlier will be dropped"]
    ),
    (
      #"{"postern.io/users":"a","postern.io/removed-users":"keep"}"#, #"{"postern.io/users":"a"}"#,
      ["postern.io/removed-users changes from keep to lock: users that were removed earlier will be locked"]
    ),
    (
      #"{"postern.io/users":"a","postern.io/removed-users":"keep"}"#,
      #"{"postern.io/users":"a, b","postern.io/removed-users":"drop"}"#,
      ["postern.io/removed-users changes from keep to drop: users that were removed earlier will be dropped"]
    ),
    (#"{"postern.io/users":"a"}"#, #"{"postern.io/users":"a","postern.io/removed-users":"lock"}"#, []),
    (#"{"postern.io/users":"a"}"#, #"{"postern.io/users":"a","postern.io/removed-users":"keep"}"#, []),
    (#"{"postern.io/users":"a","postern.io/removed-users":"drop"}"#, #"{"postern.io/users":"a"}"#, []),
    (
      #"{"postern.io/users":"a","postern.io/databases":"- {name: x, encoding: UTF8}"}"#,
      #"{"postern.io/users":"a","postern.io/databases":"- {name: x, encoding: LATIN1, locale: C, template: y}"}"#,
      [
        "database \"x\" stays as it is if it is there: encoding counts at creation only",
        "database \"x\" stays as it is if it is there: locale counts at creation only",
        "database \"x\" stays as it is if it is there: template counts at creation only",
      ]
    ),
    (
      #"{"postern.io/users":"a","postern.io/databases":"- {name: x, encoding: UTF8}"}"#,
      #"{"postern.io/users":"a","postern.io/databases":"- {name: y, encoding: LATIN1, renamedFrom: x}"}"#,
      [
        "database \"x\" is renamed to \"y\" as soon as nobody is connected to it",
        "database \"y\" stays as it is if it is there: encoding counts at creation only",
      ]
    ),
    (
      #"{"postern.io/users":"a","postern.io/databases":"- {name: x, encoding: UTF8}"}"#,
      #"{"postern.io/users":"a","postern.io/databases":"- {name: x, encoding: utf8, template: template0}"}"#, []
    ),
    (
      #"{"postern.io/users":"a","postern.io/databases":"- {name: x, scripts: [{name: s, sql: SELECT 1}]}"}"#,
      #"{"postern.io/users":"a","postern.io/databases":"- {name: x, scripts: [{name: s, sql: SELECT 2}, {name: t, sql: SELECT 1}]}"}"#,
      ["script \"s\" of database \"x\" has changed: where it ran, it is not run again (rerun: never)"]
    ),
    (
      #"{"postern.io/users":"a","postern.io/databases":"- {name: x, scripts: [{name: s, sql: SELECT 1}]}"}"#,
      #"{"postern.io/users":"a","postern.io/databases":"- {name: x, scripts: [{name: s, sql: SELECT 2, rerun: on-change}]}"}"#,
      []
    ),
    (
      #"{"postern.io/users":"a","postern.io/databases":"- {name: x, scripts: [{name: s, sql: SELECT 1}]}"}"#,
      #"{"postern.io/users":"a","postern.io/databases":"- {name: x, scripts: [{name: s, sql: SELECT 1, timeout: 5m}]}"}"#,
      []
    ),
  ])
  func warnsOfWhatAnUpdateTakesAway(before: String, after: String, expected: [String]) throws {
    func template(_ annotations: String) throws -> JSONValue {
      try deployment(templateMetadata: #"{"annotations":\#(annotations)}"#)
    }
    let updates = [
      (try deployment(annotations: before), try deployment(annotations: after)),
      (
        try deployment(annotations: before, kind: "StatefulSet"),
        try deployment(annotations: after, kind: "StatefulSet")
      ),
      (try template(before), try template(after)),
      (try pod(metadata: #","annotations":\#(before)"#), try pod(metadata: #","annotations":\#(after)"#)),
    ]
    for (old, new) in updates {
      let reply = try post(new, .validate, replacing: old)
      #expect(reply.warnings == expected.map { "postern: " + $0 })
      #expect(reply.isAllowed)
      let reported: ReviewRecord.Outcome = expected.isEmpty ? .unchanged : .allowedWithWarnings
      #expect(reply.answer.record.decision == reported)
    }
  }

  @Test func declarationsThatMoveToTheTemplateTakeNothingAway() throws {
    let users = #"{"postern.io/users":"a, b"}"#
    let moved = try deployment(templateMetadata: #"{"annotations":\#(users)}"#)
    let reply = try post(moved, .validate, replacing: deployment(annotations: users))
    #expect(reply.isAllowed && reply.warnings.isEmpty)
  }

  @Test func warningsAreShortPrintableAndNotTooMany() throws {
    let long = (0..<100).map { "user-\($0)-" + String(repeating: "é", count: 20) }
    let quoted = long.map { "- name: \\\"\($0)\\\\u0085\\\\n\\\\u202e\\\"" }.joined(separator: "\\n")
    let before = try deployment(annotations: #"{"postern.io/users":"- name: a\n\#(quoted)"}"#)
    let after = try deployment(annotations: #"{"postern.io/users":"a"}"#)
    let reply = try post(after, .validate, replacing: before)
    #expect(reply.isAllowed && reply.warnings.count > 10)
    #expect(reply.warnings.allSatisfy { $0.unicodeScalars.count <= 120 && $0.hasPrefix("postern: ") })
    #expect(reply.warnings.reduce(0) { $0 + $1.unicodeScalars.count } <= 4096)
    for scalar in reply.warnings.flatMap(\.unicodeScalars) {
      #expect(![.control, .format, .lineSeparator].contains(scalar.properties.generalCategory))
    }
    #expect(reply.warnings.last == "postern: \(100 - (reply.warnings.count - 1)) more")
  }

  /// The API server silently truncates longer warnings.
  @Test func aLongWarningIsCutAtTheLengthThatIsTaken() throws {
    let name = String(repeating: "é", count: 31)
    func warnings(_ name: String) throws -> [String] {
      let before = try deployment(annotations: #"{"postern.io/users":"- name: a\n- name: \#(name)"}"#)
      return try post(deployment(annotations: #"{"postern.io/users":"a"}"#), .validate, replacing: before).warnings
    }
    let short = "postern: user \"\(name)\" will be locked (removed from postern.io/users)"
    #expect(try warnings(name) == [short])
    let long = String(repeating: "a", count: 63)
    let whole = "postern: user \"\(long)\" will be locked (removed from postern.io/users)"
    #expect(whole.count > 120)
    #expect(try warnings(long) == [whole.prefix(119) + "…"])
    var settings = testSettings
    settings.limitsWarnings = false
    let before = try deployment(annotations: #"{"postern.io/users":"- name: a\n- name: \#(long)"}"#)
    let after = try deployment(annotations: #"{"postern.io/users":"a"}"#)
    #expect(try post(after, .validate, replacing: before, settings: settings).warnings == [whole])
  }

  /// As many users as possible, all of them wrong. The answer stays small enough to be useful.
  @Test func endlessErrorsAreCountedAndTheFirstThousandShown() throws {
    let names = String(repeating: "a\\n ", count: 10_000)
    let reply = try post(deployment(annotations: #"{"postern.io/users":"\#(names)"}"#), .validate)
    #expect(reply.answer.record.causes == 9_999)
    let causes = reply.causes
    #expect(causes.count == 1001)
    #expect(causes.first?.message.contains("line 2") == true)
    #expect(causes.last?.message == "this and 8998 more")
    #expect(reply.answer.body.count < 1 << 20)
  }

  @Test func theAuditLogIsToldHowMuchIsDeclaredAndWhetherItIsTheSame() throws {
    func audit(_ annotations: String) throws -> JSONValue? {
      try post(deployment(annotations: annotations), .validate).response?["auditAnnotations"]
    }
    let one = try #require(
      try audit(#"{"postern.io/users":"shop, analyst","postern.io/databases":"- {name: a, owner: shop}"}"#))
    #expect(one["customer"]?.string == "acme")
    #expect(one["databases"]?.string == "1")
    #expect(one["users"]?.string == "2")
    let hash = try #require(one["declaration-sha256"]?.string)
    #expect(hash.utf8.count == 64)
    // The same declaration, written differently.
    let same = try audit(
      #"{"postern.io/users":"- name: shop\n- name: analyst","postern.io/databases":"[{owner: shop, name: a}]"}"#)
    #expect(same?["declaration-sha256"]?.string == hash)
    let other = try audit(#"{"postern.io/users":"shop","postern.io/databases":"- {name: a, owner: shop}"}"#)
    #expect(other?["declaration-sha256"]?.string != hash)
    #expect(try post(deployment(annotations: broken), .validate).response?["auditAnnotations"] == nil)
  }

  /// `validUntil`, and whether it is past at 2027-01-01T00:00:00Z, so that the user cannot log in.
  @Test(arguments: [
    ("2026-12-31T23:59:59Z", true), ("2027-01-01T00:00:00Z", true), ("2027-01-01T00:00:01Z", false),
    ("2027-01-01T00:30:00+01:00", true), ("2026-12-31T23:30:00-01:00", false), ("infinity", false),
  ])
  func aUserWhoseTimeIsOverIsWarnedOf(validUntil: String, isPast: Bool) throws {
    var settings = testSettings
    settings.now = { 1_798_761_600 }
    let users = #"{"postern.io/users":"- name: a\n- name: shop\n  validUntil: \#(validUntil)\n"}"#
    let warning =
      "postern: postern.io/users[1].validUntil (line 3, column 15): in the past: user \"shop\" cannot log in"
    for object in [
      try deployment(annotations: users), try deployment(templateMetadata: #"{"annotations":\#(users)}"#),
      try pod(metadata: #","annotations":\#(users)"#),
    ] {
      #expect(try post(object, .validate, settings: settings).warnings == (isPast ? [warning] : []))
      #expect(try post(object, .validate).warnings == [], "without a clock")
    }
    let old = try deployment(annotations: #"{"postern.io/users":"a, shop"}"#)
    #expect(
      try post(deployment(annotations: users), .validate, replacing: old, settings: settings).warnings
        == (isPast ? [warning] : []))
  }

  /// Both paths send warnings together with a refusal, because the API server then does not call the other path.
  @Test(arguments: AdmissionPath.allCases) func warningsComeWithADenial(path: AdmissionPath) throws {
    let annotations =
      #"{"postern.io/users":"[{nam: shop, memberOf: [pg_checkpoint]}, {name: all}]","#
      + #""postern.io/databases":"[{name: x, ownr: shop, scripts: [{name: a, sql: DROP TABLE t}]}]"}"#
    let warnings = [
      "postern: postern.io/users[0].memberOf[0] (line 1, column 25): \"pg_checkpoint\" reaches beyond the user's databases: it m…",
      "postern: postern.io/users[1].name (line 1, column 49): \"all\" is a keyword in pg_hba.conf; quote it there, or choose ano…",
      "postern: script \"a\", line 1 drops a table and what is in it",
    ]
    for object in [
      try deployment(annotations: annotations), try deployment(templateMetadata: #"{"annotations":\#(annotations)}"#),
      try pod(metadata: #","annotations":\#(annotations)"#),
    ] {
      let reply = try post(object, path)
      #expect(!reply.isAllowed && reply.causes.count == 2, "\(reply.causes)")
      #expect(reply.warnings == warnings)
    }
  }

  /// The warnings about what an update removes come together with its errors, except those that may follow from the
  /// errors.
  @Test(arguments: [
    (
      #"{"postern.io/users":"[{name: a}, {name: b, ensur: x}]"}"#,
      ["user \"c\" will be locked (removed from postern.io/users)"]
    ),
    (#"{"postern.io/users":"[{name: a}, {connectionLimit: 1}]"}"#, []),
    (
      #"{"postern.io/users":"[a, b]","postern.io/removed-users":"drp"}"#,
      ["user \"b\" is no longer a member of \"c\"", "user \"c\" will be taken out (removed from postern.io/users)"]
    ),
    (#"{"postern.io/users":"[{name: a}, {name: b, memberOf: [pg_monitr, 1]}, c]","postern.io/prot":"1"}"#, []),
  ])
  func whatIsTakenAwayIsToldBesideWhatIsWrong(after: String, expected: [String]) throws {
    let before = #"{"postern.io/users":"[{name: a}, {name: b, memberOf: [c]}, {name: c}]"}"#
    let reply = try post(deployment(annotations: after), .validate, replacing: deployment(annotations: before))
    #expect(!reply.isAllowed)
    #expect(reply.warnings.filter { !$0.contains("predefined") } == expected.map { "postern: " + $0 })
  }

  /// A Pod is refused at once for everything that either path would refuse.
  @Test func aPodIsRefusedForAllAtOnce() throws {
    var settings = testSettings
    settings.declaring = { _, _ in [DeclaringObject(kind: "Deployment", name: "other")] }
    let object = try pod(metadata: #","annotations":{"postern.io/users":"- nam: a"}"#)
      .adding("/spec/containers/-", #"{"name":"postern","image":"x"}"#)
    #expect(
      try Set(post(object, .mutate, settings: settings).fields) == [
        "metadata.annotations[postern.io/users][0].nam", "spec.containers[1].name",
        "metadata.labels[postern.io/customer]",
      ])
  }
}
