import DatabaseSpec

/// Makes a ``Plan``. Each aspect is an extension.
struct Planner {
  let desired: DesiredState
  /// The state after all renames.
  let observed: ObservedState
  let records: Records
  let renames: Renames
  /// The index of each declared database in the spec.
  private let databaseIndices: [PostgresName: Int]
  private let userNames: Set<PostgresName>
  /// The declared users that must exist, and those of them whose passwords turn.
  let presentUsers: Set<PostgresName>
  let turningUsers: Set<PostgresName>
  /// The recorded second logins of each user.
  let recordedLogins: [PostgresName: [PostgresName]]
  let grantees: Grantees
  /// The customer whose user owns each database that another customer's user owns.
  let foreignDatabases: [PostgresName: String]
  var plan = Plan()

  init(desired: DesiredState, observed: ObservedState) {
    self.desired = desired
    renames = Renames(desired.spec, observed)
    self.observed = renames.done(in: observed)
    records = self.observed.records.records
    var indices: [PostgresName: Int] = [:]
    for (index, database) in desired.spec.databases.enumerated() { indices[database.name] = index }
    databaseIndices = indices
    userNames = Set(desired.spec.users.map({ $0.name }))
    let present = desired.spec.users.filter { $0.ensure == .present }
    presentUsers = Set(present.map({ $0.name }))
    turningUsers = Set(desired.spec.turningUsers.map({ $0.name }))
    var logins: [PostgresName: [PostgresName]] = [:]
    for (name, record) in records.roles {
      if let user = record.loginOf { logins[user, default: []].append(name) }
    }
    recordedLogins = logins.mapValues { $0.sorted() }
    grantees = Grantees(desired.spec, records)
    var foreign: [PostgresName: String] = [:]
    for (name, state) in self.observed.databases {
      foreign[name] = self.observed.otherCustomer(than: desired.spec.customer, of: state.owner)
    }
    foreignDatabases = foreign
  }

  var spec: InstanceSpec { desired.spec }

  /// The declared databases about which anything may be done.
  var ownDatabases: [Database] {
    spec.databases.filter { !renames.held.contains(.database($0.name)) && foreignDatabases[$0.name] == nil }
  }

  mutating func add(
    _ title: String, _ details: [Detail] = [], for item: Item, requires: [Item] = [], in database: PostgresName? = nil,
    isBookkeeping: Bool = false, _ statements: [SQLStatement]
  ) {
    plan.steps.append(
      Step(
        title, details, for: item, requires: requires + renames(before: item, in: database ?? Postern.database),
        in: database ?? Postern.database, .transaction(statements), isBookkeeping: isBookkeeping))
  }

  mutating func addAlone(
    _ title: String, _ details: [Detail] = [], for item: Item, requires: [Item] = [],
    in database: PostgresName = Postern.database, _ statement: String
  ) {
    plan.steps.append(
      Step(
        title, details, for: item, requires: requires + renames(before: item, in: database), in: database,
        .alone(.sql(statement))))
  }

  /// Adds statements that are each run by themselves.
  mutating func addSeparate(
    _ title: String, _ details: [Detail], for item: Item, requires: [Item], in database: PostgresName,
    _ statements: SeparateStatements
  ) {
    plan.steps.append(
      Step(
        title, details, for: item, requires: requires + renames(before: item, in: database), in: database,
        .alone(.sql(statements.sql))))
  }

  mutating func fail(_ item: Item, _ message: String, hint: String? = nil) {
    plan.problems.append(PlanProblem(item: item, message: message, hint: hint, isFailure: true))
  }

  mutating func warn(_ item: Item, _ message: String, hint: String? = nil) {
    plan.problems.append(PlanProblem(item: item, message: message, hint: hint, isFailure: false))
  }

  /// The item of a declared user; none for a role that is not declared.
  func user(_ name: PostgresName) -> [Item] {
    userNames.contains(name) ? [.user(name)] : []
  }

  /// A declared database.
  func database(_ name: PostgresName) -> Database? { databaseIndices[name].map { spec.databases[$0] } }
}

/// A quoted identifier. The name is short because SQL texts contain many of them.
func id(_ name: PostgresName) -> String { SQLText.identifier(name) }
/// A quoted literal.
func lit(_ name: PostgresName) -> String { SQLText.literal(name.text) }

extension Detail {
  init(_ key: String, _ name: PostgresName) { self.init(key, name.text) }
}
