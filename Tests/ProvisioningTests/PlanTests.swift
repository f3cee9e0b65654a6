import DatabaseSpec
import Provisioning
import Testing

@Suite struct PlanTests {
  private static let shop = name("shop")
  private static let orders = name("orders")

  private static func name(_ text: String) -> PostgresName {
    do { return try PostgresName(text) } catch { fatalError("no name: \(text)") }
  }

  private static func desired(_ change: (inout DesiredState) -> Void = { _ in }) throws -> DesiredState {
    var state = DesiredState(
      spec: InstanceSpec(
        customer: "acme",
        users: [User(name: shop), User(name: name("analyst"), grants: [Grant(database: orders, level: .read)])],
        databases: [Database(name: orders, owner: shop)]),
      specHash: "", passwords: [shop: try Password("top-secret"), name("analyst"): try Password("top-secret")])
    change(&state)
    return state
  }

  /// A server as `initdb` makes it.
  private static let empty = ObservedState(
    serverVersion: 150_000, administrator: name("postgres"),
    roles: [name("postgres"): RoleState(oid: 10, isSuperuser: true)],
    databases: [name("postgres"): DatabaseState(owner: name("postgres"), isOpenToPublic: true)])

  /// The same server with everything in it that ``desired(_:)`` declares.
  private static func converged(_ change: (inout ObservedState) -> Void = { _ in }) -> ObservedState {
    var state = empty
    state.roles[shop] = RoleState(oid: 16_384, password: .matches)
    state.roles[name("analyst")] = RoleState(oid: 16_385, password: .matches)
    state.databases[name("postgres")]?.isOpenToPublic = false
    state.databases[orders] = DatabaseState(
      owner: shop, connectors: [shop, name("analyst")], contents: DatabaseContents(schemas: [name("public"): shop]))
    state.records = .present(
      Records(
        roles: [
          shop: .init(oid: 16_384, isMade: true, customer: "acme"),
          name("analyst"): .init(oid: 16_385, isMade: true, customer: "acme"),
        ],
        grants: [name("analyst"): [orders: .read]]))
    change(&state)
    return state
  }

  private static func summaries(_ desired: DesiredState, _ observed: ObservedState) -> [String] {
    plan(desired, observed).steps.map(\.summary)
  }

  @Test func aConvergedServerHasAnEmptyPlan() throws {
    #expect(plan(try Self.desired(), Self.converged()) == Plan())
  }

  @Test func stepsComeInTheOrderOfTheRules() throws {
    let desired = try Self.desired { state in
      state.spec.users[0].memberOf = [Self.name("analyst")]
      state.spec.databases[0].schemas = [Schema(name: Self.name("audit"))]
      state.spec.databases[0].scripts = [Script(name: "001", content: .file(name: "f", sha256: "00"))]
      state.scripts["f"] = "SELECT 1"
      state.spec.users.append(User(name: Self.name("gone"), ensure: .absent))
    }
    var observed = Self.empty
    observed.roles[Self.name("gone")] = RoleState(oid: 16_390)
    #expect(
      Self.summaries(desired, observed) == [
        "lock role name=gone", "end sessions name=gone reason=locked",
        "create records schema=postern",
        "create role name=shop", "create role name=analyst",
        "grant membership name=shop role=analyst",
        "close database to others name=postgres",
        "create database name=orders owner=shop", "close database to others name=orders",
        "create schema name=audit database=orders owner=shop",
        "note grant name=analyst database=orders level=read", "grant name=analyst database=orders level=read",
        "drop role name=gone",
        "create script records schema=postern database=orders",
        "run script name=001 database=orders owner=shop",
      ])
  }

  @Test func thePlanIsTheSameEachTimeAndShowsNoPassword() throws {
    let first = plan(try Self.desired(), Self.empty)
    #expect(first == plan(try Self.desired(), Self.empty))
    let text = first.lines.joined(separator: "\n")
    #expect(text.contains("ALTER ROLE \"shop\" PASSWORD '[redacted]';"))
    #expect(!text.contains("top-secret"))
    #expect(!"\(first)".contains("top-secret"))
  }

  /// `postern plan` prints what can be given to psql.
  @Test func aNameThatHoldsALineEndDoesNotEndItsHeading() throws {
    var desired = try Self.desired { state in
      state.spec.databases[0].scripts = [Script(name: "00\r1\nSELECT 1", content: .file(name: "f", sha256: "00"))]
      state.scripts["f"] = "SELECT 1"
    }
    let name = Self.name("a\nDROP TABLE t; --\rDROP TABLE u; --")
    desired.spec.users.append(User(name: name))
    desired.spec.databases.append(Database(name: Self.name("b\n\rDROP TABLE v; --"), owner: name))
    let steps = plan(desired, Self.empty).steps
    let headings = steps.map(\.lines[0]) + steps.map(\.lines[1]).filter { $0.hasPrefix("-- ") }
    #expect(headings.contains("-- create role name=a DROP TABLE t; -- DROP TABLE u; -- (database postgres)"))
    #expect(headings.allSatisfy { $0.utf8.allSatisfy { $0 >= 0x20 } })
  }

  /// A difference, and the steps that correct it.
  struct Drift: Sendable {
    let steps: [String]
    let apply: @Sendable (inout ObservedState) -> Void

    init(_ steps: String..., apply: @escaping @Sendable (inout ObservedState) -> Void) {
      self.steps = steps
      self.apply = apply
    }
  }

  @Test(arguments: [
    Drift("alter role name=shop login=true") { $0.roles[shop]?.canLogIn = false },
    Drift("alter role name=shop connectionLimit=-1") { $0.roles[shop]?.connectionLimit = 5 },
    Drift("alter role name=shop validUntil=infinity") {
      $0.roles[shop]?.validUntil = .time(Timestamp(microseconds: 0))
    },
    Drift("alter role name=shop password=changed") { $0.roles[shop]?.password = .differs },
    Drift("adopt role name=shop") { $0.roles[shop]?.oid = 17_000 },
    Drift("close database to others name=orders") { $0.databases[orders]?.isOpenToPublic = true },
    Drift(
      "give objects database=orders from=analyst to=shop", "change owner database=orders from=analyst to=shop"
    ) { $0.databases[orders]?.owner = name("analyst") },
    Drift("grant name=analyst database=orders level=read") { $0.databases[orders]?.connectors = [] },
    Drift("close schema to others name=public database=orders") {
      $0.databases[orders]?.contents?.isPublicSchemaOpen = true
      $0.databases[orders]?.contents?.schemas[name("public")] = name("postgres")
    },
  ])
  func driftIsPutRight(_ drift: Drift) throws {
    #expect(Self.summaries(try Self.desired(), Self.converged(drift.apply)) == drift.steps)
  }

  /// After a restore from another place; nothing is changed, because it may be meant.
  @Test(arguments: [
    ("pg_database_owner", true, true, "everybody may make objects in its schema public"),
    ("shop", true, true, "everybody may"),
    ("pg_database_owner", true, false, nil), ("pg_database_owner", false, true, nil), ("shop", false, true, nil),
    ("cloudsqlsuperuser", false, true, "the schema public in it belongs to cloudsqlsuperuser"),
  ])
  func aSchemaPublicThatIsNotAsItIsMadeIsTold(owner: String, isOpen: Bool, hasReader: Bool, message: String?) throws {
    let desired = try Self.desired { if !hasReader { $0.spec.users[1].grants = [] } }
    let observed = Self.converged { state in
      state.roles[Self.name("cloudsqlsuperuser")] = RoleState(oid: 17_000)
      state.databases[Self.orders]?.contents?.schemas[Self.name("public")] = Self.name(owner)
      state.databases[Self.orders]?.contents?.isPublicSchemaOpen = isOpen
    }
    let plan = plan(desired, observed)
    #expect(!plan.steps.contains { $0.summary.contains("public") })
    #expect(plan.problems.count == (message == nil ? 0 : 1) && !plan.problems.contains { $0.isFailure })
    #expect(plan.problems.first?.message.hasPrefix(message ?? "") ?? true, "\(plan.problems)")
  }

  @Test func aDeclaredOwnerOfTheSchemaPublicIsNotToldOf() throws {
    let desired = try Self.desired {
      $0.spec.databases[0].schemas = [Schema(name: Self.name("public"), owner: Self.name("analyst"))]
    }
    let observed = Self.converged {
      $0.databases[Self.orders]?.contents?.schemas[Self.name("public")] = Self.name("analyst")
    }
    #expect(plan(desired, observed).problems == [])
  }

  @Test(arguments: [
    (RemovedUsers.keep, []),
    (.lock, ["lock role name=shop", "end sessions name=shop reason=locked"]),
    (.drop, ["lock role name=shop", "end sessions name=shop reason=locked"]),
  ])
  func whatBecomesOfAUserThatOwnsAnUndeclaredDatabase(_ policy: RemovedUsers, _ steps: [String]) throws {
    let desired = try Self.desired { state in
      state.spec.removedUsers = policy
      state.spec.users = [state.spec.users[1]]
      state.spec.users[0].grants = [Grant(database: Self.orders, level: .read)]
      state.spec.databases = []
    }
    let plan = plan(desired, Self.converged())
    #expect(plan.steps.map(\.summary) == steps)
    #expect(plan.problems.map(\.item) == (policy == .drop ? [.user(Self.shop)] : []))
  }

  @Test func aRoleThatPosternNeverMadeIsLeftAlone() throws {
    let desired = try Self.desired { $0.spec.removedUsers = .drop }
    let observed = Self.converged { state in
      state.roles[Self.name("dba")] = RoleState(oid: 16_400)
      state.roles[Self.name("again")] = RoleState(oid: 16_401)
      guard case .present(var records) = state.records else { return }
      records.roles[Self.name("again")] = RecordedRole(oid: 16_000, isMade: true)
      state.records = .present(records)
    }
    #expect(Self.summaries(desired, observed) == ["leave role name=again"])
  }

  /// A trigger that somebody has got onto a record would act as the superuser who writes there.
  @Test func noTriggerSeesAWriteToTheRecords() throws {
    let (heir, was) = (Self.name("heir"), Self.name("was"))
    let desired = try Self.desired { state in
      state.spec.removedUsers = .drop
      state.spec.users[0].rotate = Rotation(every: 86_400)
      state.logins[Self.shop] = LoginState()
      state.spec.users[1].grants = []
      state.spec.users += [
        User(
          name: heir, grants: [Grant(database: Self.orders, level: .write)], memberOf: [Self.shop], renamedFrom: was),
        User(name: Self.name("new")), User(name: Self.name("found")),
      ]
      state.spec.databases.append(Database(name: Self.name("now"), owner: heir, renamedFrom: Self.name("then")))
    }
    let observed = Self.converged { state in
      state.serverVersion = 180_000
      for (index, role) in [was, Self.name("found"), Self.name("gone"), Self.name("old")].enumerated() {
        state.roles[role] = RoleState(oid: UInt32(17_000 + index), canLogIn: false, memberships: [Self.name("analyst")])
      }
      state.databases[Self.name("then")] = DatabaseState(owner: was)
      guard case .present(var records) = state.records else { return }
      for (index, role) in [was, Self.name("gone"), Self.name("old")].enumerated() {
        records.roles[role] = RecordedRole(
          oid: state.roles[role]?.oid ?? 0, isMade: index < 2, customer: "acme", isRestored: index == 1)
      }
      records.memberships = [was: [Self.name("analyst")]]
      state.records = .present(records)
    }
    var states = [observed, Self.empty]
    guard case .present(var records) = observed.records else { return }
    records.isComplete = false
    states[0].records = .present(records)
    var old = Self.converged()
    old.records = .present(Records(roles: [Self.shop: RecordedRole(oid: 16_384, isMade: true)]))
    states.append(old)
    var written: Set<Substring> = []
    for step in states.flatMap({ plan(desired, $0).steps }) {
      guard case .transaction(let statements) = step.work else { continue }
      var isUnnoticed = false
      for statement in statements.map(\.description) {
        if statement == "SET LOCAL session_replication_role = 'replica'" { isUnnoticed = true }
        guard let write = statement.prefixMatch(of: #/(INSERT INTO|UPDATE|DELETE FROM) postern\.\w+/#) else { continue }
        #expect(isUnnoticed, "\(step.summary): \(statement)")
        written.insert(write.output.0)
      }
    }
    let verbs = ["INSERT INTO", "UPDATE", "DELETE FROM"]
    let all = ["role", "membership", "grant"].flatMap { table in verbs.map { "\($0) postern.managed_\(table)" } }
    #expect(written.map(String.init).sorted() == all.sorted())
    #expect(Postern.changeKnownFailures(of: "", adding: [], removing: []).count == 1)
  }

  @Test func objectsNeverGoToASuperuser() throws {
    let desired = try Self.desired { $0.spec.users.append(User(name: Self.name("gone"), ensure: .absent)) }
    let observed = Self.converged { state in
      state.roles[Self.name("gone")] = RoleState(
        oid: 16_400, canLogIn: false, dependencies: [RoleDependency(database: Self.name("postgres"), owned: 2)])
    }
    let plan = plan(desired, observed)
    #expect(plan.steps.isEmpty)
    #expect(plan.problems.map(\.item) == [.user(Self.name("gone"))])
    #expect(plan.problems.first?.message.contains("it owns 2 objects in the database postgres") == true)
  }
}
