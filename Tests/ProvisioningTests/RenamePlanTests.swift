import DatabaseSpec
import Provisioning
import Testing

/// What `renamedFrom` becomes, by what is on the server.
@Suite struct RenamePlanTests {
  private static func name(_ text: String) -> PostgresName {
    do { return try PostgresName(text) } catch { fatalError("no name: \(text)") }
  }
  private static let (old, new) = (name("old"), name("new"))
  private static let (was, now) = (name("was"), name("now"))
  private static let friend = name("friend")

  private static func desired(_ change: (inout DesiredState) -> Void = { _ in }) throws -> DesiredState {
    var state = DesiredState(
      spec: InstanceSpec(
        customer: "acme",
        users: [
          User(name: new, memberOf: [friend], renamedFrom: old),
          User(name: friend, grants: [Grant(database: now, level: .read)]),
        ],
        databases: [Database(name: now, owner: new, renamedFrom: was)]),
      specHash: "", passwords: [new: try Password("secret"), friend: try Password("secret")])
    change(&state)
    return state
  }

  /// A server on which everything is as it was declared by the old names.
  private static func observed(_ change: (inout ObservedState) -> Void = { _ in }) -> ObservedState {
    var state = ObservedState(
      serverVersion: 170_000, administrator: name("postgres"),
      roles: [
        name("postgres"): RoleState(oid: 10, isSuperuser: true),
        old: RoleState(oid: 20_000, memberships: [friend]), friend: RoleState(oid: 20_001, password: .matches),
      ],
      databases: [
        name("postgres"): DatabaseState(owner: name("postgres")),
        was: DatabaseState(
          owner: old, connectors: [old, friend], contents: DatabaseContents(schemas: [name("public"): old])),
      ])
    state.records = .present(
      Records(
        roles: [
          old: .init(oid: 20_000, isMade: true, customer: "acme"),
          friend: .init(oid: 20_001, isMade: true, customer: "acme"),
        ],
        memberships: [old: [friend]], grants: [friend: [was: .read]]))
    change(&state)
    return state
  }

  private static func summaries(_ plan: Plan) -> [String] { plan.steps.map(\.summary) }

  /// The user's Secret names the second login by its new name, which must not be somebody else's.
  @Test(arguments: [
    (true, true, true), (true, true, false), (true, false, true), (false, true, true),
  ])
  func aUserIsNotRenamedWhereTheSecondLoginsNewNameIsTaken(turns: Bool, hasSecond: Bool, isTaken: Bool) throws {
    let (before, after) = (Self.name("old_b"), Self.name("new_b"))
    let plan = plan(
      try Self.desired { if turns { $0.spec.users[0].rotate = Rotation(every: 86_400) } },
      Self.observed { state in
        if isTaken { state.roles[after] = RoleState(oid: 30_001) }
        guard hasSecond else { return }
        state.roles[before] = RoleState(oid: 30_000, memberships: [Self.old])
        var records = state.records.records
        records.roles[before] = RecordedRole(oid: 30_000, isMade: true, customer: "acme", loginOf: Self.old)
        state.records = .present(records)
      })
    let isHeld = turns && hasSecond && isTaken
    #expect(Self.summaries(plan).contains("rename role from=old to=new") != isHeld)
    #expect(plan.problems.contains { $0.message.contains("new_b, is another role's") && $0.isFailure } == isHeld)
    if isHeld { #expect(!plan.steps.contains { $0.item == .user(Self.new) || $0.item == .rotation(of: Self.new) }) }
  }

  @Test(arguments: RemovedUsers.allCases) func whatThereIsByItsOldNameAloneIsRenamedAndNothingElse(
    _ removed: RemovedUsers
  ) throws {
    let plan = plan(try Self.desired { $0.spec.removedUsers = removed }, Self.observed())
    #expect(Self.summaries(plan) == ["rename role from=old to=new", "rename database from=was to=now"])
    #expect(plan.problems == [])
    #expect(plan.lines.contains(#"ALTER ROLE "old" RENAME TO "new";"#))
    #expect(plan.lines.contains(#"ALTER DATABASE "was" RENAME TO "now";"#))
    #expect(planUrgent(try Self.desired { $0.spec.removedUsers = removed }, Self.observed()).steps.isEmpty)
  }

  @Test func whereNothingIsThereItIsMade() throws {
    var empty = Self.observed()
    for name in [Self.old, Self.friend] { empty.roles[name] = nil }
    empty.databases[Self.was] = nil
    empty.records = .present(Records())
    let summaries = Self.summaries(plan(try Self.desired(), empty))
    #expect(summaries.contains("create role name=new") && summaries.contains("create database name=now owner=new"))
    #expect(!summaries.contains { $0.contains("rename") })
  }

  /// The annotation may stay.
  @Test func whatIsRenamedStaysAsItIs() throws {
    let done = Self.observed { state in
      state.roles[Self.new] = state.roles.removeValue(forKey: Self.old)
      state.roles[Self.new]?.password = .matches
      var database = state.databases.removeValue(forKey: Self.was)
      database?.owner = Self.new
      database?.connectors = [Self.new, Self.friend]
      database?.contents?.schemas = [Self.name("public"): Self.new]
      state.databases[Self.now] = database
      state.records = .present(
        Records(
          roles: [
            Self.new: .init(oid: 20_000, isMade: true, customer: "acme"),
            Self.friend: .init(oid: 20_001, isMade: true, customer: "acme"),
          ],
          memberships: [Self.new: [Self.friend]], grants: [Self.friend: [Self.now: .read]]))
    }
    #expect(plan(try Self.desired(), done) == Plan())
    // Somebody has made another role of the old name since. It is not Postern's.
    var another = done
    another.roles[Self.old] = RoleState(oid: 30_000)
    #expect(plan(try Self.desired(), another) == Plan())
  }

  @Test(arguments: RemovedUsers.allCases) func whereBothAreThereNothingIsDoneWithEither(_ removed: RemovedUsers) throws
  {
    let both = Self.observed { state in
      state.roles[Self.new] = RoleState(oid: 20_002, password: .differs)
      state.databases[Self.now] = DatabaseState(owner: Self.new, contents: DatabaseContents())
      guard case .present(var records) = state.records else { return }
      records.roles[Self.new] = .init(oid: 20_002, isMade: true, customer: "acme")
      state.records = .present(records)
    }
    let desired = try Self.desired { state in
      state.spec.removedUsers = removed
      state.spec.databases[0].scripts = [Script(name: "1", content: .file(name: "f", sha256: "00"))]
      state.spec.databases[0].schemas = [Schema(name: Self.name("s"))]
    }
    let plan = plan(desired, both)
    #expect(plan.problems.filter(\.isFailure).map(\.item) == [.user(Self.new), .database(Self.now)])
    #expect(
      plan.problems.map(\.message) == [
        "is to be renamed from old, and both are on this server: nothing is done with either",
        "is to be renamed from was, and both are on this server: nothing is done with either",
      ])
    // What else is declared waits for them.
    #expect(
      plan.steps.allSatisfy { step in
        step.requires.contains(.user(Self.new)) || step.requires.contains(.database(Self.now))
      }, "\(Self.summaries(plan))")
    #expect(planUrgent(desired, both).steps.isEmpty)
  }

  /// Who is a member of the old role stays one.
  @Test func aMembershipInAHeldRoleIsNotTakenBack() throws {
    let both = Self.observed { state in
      state.roles[Self.new] = RoleState(oid: 20_002)
      state.roles[Self.friend]?.memberships = [Self.old]
      guard case .present(var records) = state.records else { return }
      records.roles[Self.new] = .init(oid: 20_002, isMade: true, customer: "acme")
      records.memberships = [Self.friend: [Self.old]]
      state.records = .present(records)
    }
    let desired = try Self.desired { state in
      state.spec.users[0].memberOf = []
      state.spec.users[1].memberOf = [Self.new]
    }
    let plan = plan(desired, both)
    #expect(!Self.summaries(plan).contains { $0.hasPrefix("revoke") }, "\(Self.summaries(plan))")
  }

  /// Who may not enter any more cannot hold the database by staying connected to it.
  @Test func whoMustNotEnterIsKeptOutBeforeTheRename() throws {
    let desired = try Self.desired { $0.spec.users[1].grants = [] }
    let plan = plan(desired, Self.observed())
    let step = try #require(plan.steps.first { $0.title == "revoke connect" })
    #expect(step.summary == "revoke connect name=friend database=was" && step.requires == [])
    let rename = try #require(plan.steps.firstIndex { $0.title == "rename database" })
    #expect(plan.steps[..<rename].contains { $0.title == "revoke connect" })
    #expect(plan.lines.contains(#"REVOKE CONNECT ON DATABASE "was" FROM "friend" CASCADE;"#))
    #expect(plan.problems == [])
  }

  /// The annotation may stay, whoever makes a database of the old name.
  @Test func anotherCustomersDatabaseOfTheOldNameHoldsNothing() throws {
    let other = Self.name("other")
    let done = Self.observed { state in
      state.roles[Self.new] = state.roles.removeValue(forKey: Self.old)
      state.roles[other] = RoleState(oid: 40_000)
      state.databases[Self.now] = DatabaseState(owner: Self.new, contents: DatabaseContents())
      state.databases[Self.was]?.owner = other
      state.records = .present(
        Records(roles: [
          Self.new: .init(oid: 20_000, isMade: true, customer: "acme"),
          other: .init(oid: 40_000, isMade: true, customer: "another"),
        ]))
    }
    #expect(plan(try Self.desired(), done).problems.filter(\.isFailure) == [])
  }

  @Test func othersRolesAndSuperusersAreNotRenamed() throws {
    let desired = try Self.desired()
    let superuser = plan(desired, Self.observed { $0.roles[Self.old]?.isSuperuser = true })
    #expect(superuser.problems.first?.message == "cannot be renamed from old, who is a superuser")
    let foreign = Self.observed { state in
      guard case .present(var records) = state.records else { return }
      records.roles[Self.old]?.customer = "other"
      state.records = .present(records)
    }
    let refused = plan(desired, foreign)
    #expect(
      refused.problems.filter(\.isFailure).map(\.message) == [
        "cannot be renamed from old, which is the customer other's on this server",
        "cannot be renamed from was, which is the customer other's on this server",
      ])
    #expect(
      !Self.summaries(refused).contains { $0.contains("old") || $0.contains("was") }, "\(Self.summaries(refused))")
  }

  /// A role that Postern has not made is taken under its new name.
  @Test func aRoleThatIsFoundIsRenamedAndAdopted() throws {
    let found = Self.observed { $0.records = .present(Records()) }
    let summaries = Self.summaries(plan(try Self.desired(), found))
    #expect(Array(summaries.prefix(2)) == ["rename role from=old to=new", "adopt role name=new"])
  }

  /// A rename that fails keeps only what is about it.
  @Test func whatIsAboutTheRenamedWaitsForThat() throws {
    let desired = try Self.desired { state in
      state.spec.users[0].connectionLimit = 3
      state.spec.databases[0].connectionLimit = 4
      state.spec.databases.append(Database(name: Self.name("other"), owner: Self.friend))
      state.spec.users[1].grants = []
    }
    let plan = plan(desired, Self.observed { $0.databases[Self.was]?.isOpenToPublic = true })
    for step in plan.steps where !step.title.hasPrefix("rename") {
      let isAbout = step.summary.contains("new") || step.summary.contains("now")
      let waits =
        [.user(Self.new), .database(Self.now)].contains(step.item)
        || step.requires.contains(.user(Self.new)) || step.requires.contains(.database(Self.now))
      #expect(isAbout == waits, "\(step.summary)")
    }
    #expect(Self.summaries(plan).contains("create database name=other owner=friend"))
    #expect(Self.summaries(plan).contains("alter role name=new connectionLimit=3"))
  }
}
