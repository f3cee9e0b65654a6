import DatabaseSpec
import Provisioning
import Testing

/// What `rotate` becomes, by what is on the server.
@Suite struct LoginPlanTests {
  private static func name(_ text: String) -> PostgresName {
    do { return try PostgresName(text) } catch { fatalError("no name: \(text)") }
  }
  private static let (shop, second) = (name("shop"), name("shop_b"))

  private func desired(_ login: LoginState? = LoginState()) throws -> DesiredState {
    var state = DesiredState(
      spec: InstanceSpec(customer: "acme", users: [User(name: Self.shop, rotate: Rotation(every: 86_400))]),
      specHash: "", passwords: [Self.shop: try Password("a")])
    if let login { state.logins[Self.shop] = login }
    return state
  }

  private func observed(_ version: Int, hasSecond: Bool = false) -> ObservedState {
    var records = Records(roles: [Self.shop: RecordedRole(oid: 2, isMade: true, customer: "acme")])
    var state = ObservedState(
      serverVersion: version, administrator: Self.name("postgres"),
      roles: [
        Self.name("postgres"): RoleState(oid: 1, isSuperuser: true), Self.shop: RoleState(oid: 2, password: .matches),
      ])
    if hasSecond {
      var role = RoleState(oid: 3, canLogIn: false, memberships: [Self.shop])
      role.settings = [RoleSetting(name: "role", value: "shop")]
      state.roles[Self.second] = role
      records.roles[Self.second] = RecordedRole(oid: 3, isMade: true, customer: "acme", loginOf: Self.shop)
    }
    state.records = .present(records)
    return state
  }

  @Test(arguments: [
    (140_020, false), (150_009, false), (150_010, true), (160_005, false), (160_006, true), (170_001, false),
    (170_002, true), (180_000, true), (190_001, true),
  ])
  func onlyAServerThatKeepsTheRoleGetsASecondLogin(version: Int, isMade: Bool) throws {
    let plan = plan(try desired(), observed(version))
    #expect(plan.steps.map(\.title) == (isMade ? ["create second login"] : []))
    #expect(plan.problems.map(\.item) == (isMade ? [] : [.rotation(of: Self.shop)]))
    // Where it is already in use, it is kept, whatever image the server has now.
    let kept = Provisioning.plan(try desired(LoginState(isSecond: true)), observed(version, hasSecond: true))
    #expect(kept.steps.map(\.summary).contains("alter second login name=shop_b login=true"))
  }

  @Test func withoutAWordNothingChanges() throws {
    #expect(plan(try desired(nil), observed(180_000, hasSecond: true)).steps.isEmpty)
  }

  /// A role that was there before Postern has an end of Postern's from the turn, and must lose it.
  @Test func whoIsGivenAPasswordInsteadCanLogInAgain() throws {
    var state = observed(180_000, hasSecond: true)
    var records = state.records.records
    records.roles[Self.shop]?.isMade = false
    state.records = .present(records)
    state.roles[Self.shop]?.canLogIn = false
    state.roles[Self.shop]?.validUntil = .time(Timestamp(microseconds: 1))
    var wanted = try desired(nil)
    wanted.spec.users[0].rotate = nil
    for made in [plan(wanted, state), planUrgent(wanted, state)] {
      let steps = made.steps.map(\.summary)
      #expect(steps.contains("alter role name=shop login=true validUntil=infinity"), "\(steps)")
    }
  }

  /// A role that was there before Postern is left as one that can log in, with the end and the password of the login that was in
  /// use, and no password of before comes back.
  @Test(
    arguments: [
      (false, .time(at(-1)), .infinity, true), (true, .time(at(60)), .infinity, true),
      (false, .infinity, .infinity, true),
      (false, .time(at(-1)), .time(at(900)), true), (true, .infinity, .time(at(-1)), false),
      (true, .infinity, .infinity, false), (true, .time(at(900)), .time(at(900)), false),
    ] as [(Bool, Expiry, Expiry, Bool)], RemovedUsers.allCases)
  func whoWasFoundIsLeftAsOneThatCanLogIn(
    _ given: (canLogIn: Bool, end: Expiry, secondEnd: Expiry, isChanged: Bool), removed: RemovedUsers
  ) throws {
    var wanted = try desired(nil)
    (wanted.spec.users, wanted.passwords, wanted.spec.removedUsers) = ([], [:], removed)
    var state = observed(180_000, hasSecond: true)
    var records = state.records.records
    records.roles[Self.shop]?.isMade = false
    state.records = .present(records)
    state.roles[Self.shop]?.canLogIn = given.canLogIn
    state.roles[Self.shop]?.validUntil = given.end
    // Locks are made before the rest is planned.
    state.roles[Self.second]?.canLogIn = removed == .keep
    state.roles[Self.second]?.validUntil = given.secondEnd
    let made = plan(wanted, state)
    let leave = try #require(made.steps.first { $0.title == "leave role" })
    guard case .transaction(let statements) = leave.work else {
      Issue.record("\(leave)")
      return
    }
    let changes = statements.map(\.description).filter { $0.contains("ALTER ROLE") }
    guard given.isChanged, removed != .keep else {
      #expect(changes == [])
      return
    }
    // Another's role of that name gets nobody's password.
    state.roles[Self.shop]?.oid += 1
    let stranger = plan(wanted, state).steps.compactMap { step in
      if case .transaction(let statements) = step.work { statements.map(\.description) } else { nil }
    }
    #expect(!stranger.joined().contains { $0.contains("ALTER ROLE \"shop\"") || $0.contains("rolpassword") })
    #expect(changes.first == #"ALTER ROLE "shop" LOGIN VALID UNTIL '\#(given.secondEnd.text)'"#)
    #expect(changes.count == 2 && changes[1].contains("rolpassword") && changes[1].contains("shop_b"), "\(changes)")
    // The password is copied before it is gone with the second login.
    let titles = made.steps.map(\.title)
    #expect(titles == ["leave role"] + (removed == .drop ? ["drop role"] : []))
    if removed == .drop { #expect(made.steps[1].requires.contains(.user(Self.shop))) }
  }

  private static func at(_ seconds: Int64) -> Timestamp { Timestamp(microseconds: seconds * 1_000_000) }

  /// Without the second login, the first is not taken away.
  @Test func theFirstLoginStaysUntilTheSecondIsThere() throws {
    let login = LoginState(isSecond: true)
    let old = plan(try desired(login), observed(160_002))
    #expect(old.steps.isEmpty && old.problems.map(\.item) == [.rotation(of: Self.shop)])
    let new = plan(try desired(login), observed(180_000))
    #expect(new.steps.map(\.title) == ["create second login"])
    let both = plan(try desired(login), observed(180_000, hasSecond: true)).steps.map(\.summary)
    #expect(both.contains("alter role name=shop login=false"), "\(both)")
  }

  /// `rotate` was taken out, and the second login's name declared: as long as that login is needed, it stays.
  @Test(arguments: [User.Ensure.present, .absent], [true, false])
  func aNeededLoginIsNotTakenAway(ensure: User.Ensure, isNeeded: Bool) throws {
    var wanted = try desired(LoginState(isSecond: true))
    wanted.passwords[Self.second] = try Password("b")
    wanted.spec.users.append(User(name: Self.second, ensure: ensure))
    var state = observed(180_000, hasSecond: true)
    state.roles[Self.second]?.canLogIn = true
    if !isNeeded { (wanted.spec.users[0].rotate, wanted.logins) = (nil, [:]) }
    let (whole, urgent) = (plan(wanted, state), planUrgent(wanted, state))
    let titles = (urgent.steps + whole.steps).filter { $0.item == .user(Self.second) }.map(\.title)
    #expect(whole.problems.filter(\.isFailure).map(\.item) == (isNeeded ? [.user(Self.second)] : []))
    switch (ensure, isNeeded) {
    case (_, true): #expect(titles == [])
    case (.present, _): #expect(titles == ["take over second login"])
    case (.absent, _): #expect(titles.filter { $0 == "drop role" }.count == 1, "\(titles)")
    }
  }

  /// Where the superuser has the name of a second login, nothing is done to it, whatever is recorded of that name.
  @Test(arguments: [nil, LoginState(), LoginState(isSecond: true), LoginState(other: .pending)], [true, false])
  func aSuperuserIsNobodysSecondLogin(login: LoginState?, isRecorded: Bool) throws {
    var state = observed(180_000, hasSecond: isRecorded)
    state.roles[Self.second] = RoleState(oid: 3, isSuperuser: true, password: .differs)
    state.administrator = Self.second
    for change in [
      { _ in }, { $0.rotate = nil }, { $0.ensure = .absent },
      {
        $0.name = Self.name("store"); $0.renamedFrom = Self.shop
      },
    ]
      as [(inout User) -> Void]
    {
      var wanted = try desired(login)
      wanted.passwords[Self.second] = try Password("b")
      change(&wanted.spec.users[0])
      for removed in RemovedUsers.allCases {
        wanted.spec.removedUsers = removed
        let made = plan(wanted, state)
        for line in made.lines + planUrgent(wanted, state).lines {
          #expect(!line.contains("ROLE \"shop_b\"") && !line.contains("OWNED BY \"shop_b\""), "\(line)")
        }
        guard wanted.spec.users[0].rotate != nil, wanted.spec.users[0].name == Self.shop,
          wanted.spec.users[0].ensure == .present
        else { continue }
        #expect(
          made.problems.map(\.message) == [
            "the password cannot turn: shop_b, which is to be the second login, is a superuser of this server, and is left as it is"
          ])
      }
    }
  }

  /// Ten thousand users and their logins are planned as quickly as ten thousand users.
  @Test(.timeLimit(.minutes(5))) func manyUsersAreNotComparedWithOneAnother() throws {
    var state = observed(180_000)
    var records = state.records.records
    var wanted = try desired()
    wanted.spec.users = []
    for number in 0..<10_000 {
      let (user, login) = (Self.name("u\(number)"), Self.name("u\(number)_b"))
      wanted.spec.users.append(User(name: user, rotate: number.isMultiple(of: 2) ? Rotation(every: 86_400) : nil))
      wanted.logins[user] = LoginState()
      state.roles[user] = RoleState(oid: UInt32(100 + 2 * number))
      records.roles[user] = RecordedRole(oid: UInt32(100 + 2 * number), isMade: true, customer: "acme")
      guard number.isMultiple(of: 2) else { continue }
      var role = RoleState(oid: UInt32(101 + 2 * number), canLogIn: false, memberships: [user])
      role.settings = [RoleSetting(name: "role", value: user.text)]
      state.roles[login] = role
      records.roles[login] = RecordedRole(
        oid: UInt32(101 + 2 * number), isMade: true, customer: "acme", loginOf: user)
    }
    records.roles[Self.shop] = nil
    state.roles[Self.shop] = nil
    state.records = .present(records)
    #expect(plan(wanted, state).steps.isEmpty)
  }
}
