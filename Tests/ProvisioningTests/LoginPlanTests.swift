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
    #expect(plan(try desired(nil), observed(180_000, hasSecond: true)).isEmpty)
  }

  /// Ten thousand users and their logins are planned as quickly as ten thousand users.
  @Test func manyUsersAreNotComparedWithOneAnother() throws {
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
    let start = ContinuousClock.now
    #expect(plan(wanted, state).isEmpty)
    #expect(ContinuousClock.now - start < .seconds(30))
  }
}
