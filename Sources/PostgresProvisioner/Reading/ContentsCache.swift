import DatabaseSpec
import Provisioning

/// What passes found in databases, so that the next one need not log in to those that nobody has written to since. Only
/// what is as it is to be is kept. The server counts the rows that each database's transactions have written, its
/// catalogs' too (PostgreSQL docs §27.2, `pg_stat_database`): these numbers come over the one connection to `postgres`.
package final class ContentsCache {
  /// For so many passes at least, and twice as many at most, so that not all databases are looked into by one pass:
  /// statistics are no promise. With a pass every five minutes it is three to six hours.
  private static let passes = 36
  /// Databases that are written to all the time are looked into in turns: by this many passes, but so many in each.
  private static let turns = 6
  private static let leastInTurn = 20

  private struct Entry {
    var questions: ContentsQuestions
    var writes: Int
    var contents: DatabaseContents
    /// The pass that looked.
    var pass: Int
    /// The pass that looks whatever the statistics say.
    var due: Int
  }

  private var entries: [PostgresName: Entry] = [:]
  private var pass = 0

  package init() {}

  /// Tells that another pass begins.
  func passBegins() { pass += 1 }

  /// Puts what is known into the state.
  /// - Returns: the databases that are to be looked into, with what is asked there.
  func recall(
    _ names: [PostgresName], _ state: inout ObservedState, _ questions: (PostgresName) -> ContentsQuestions
  ) -> [(name: PostgresName, questions: ContentsQuestions)] {
    var asked: [(name: PostgresName, questions: ContentsQuestions)] = []
    var written: [(name: PostgresName, questions: ContentsQuestions, pass: Int)] = []
    for name in names {
      let questions = questions(name)
      guard let entry = entries[name], entry.due > pass, entry.questions == questions,
        let writes = state.databases[name]?.writes
      else {
        asked.append((name, questions))
        continue
      }
      state.databases[name]?.contents = entry.contents
      if entry.writes != writes { written.append((name, questions, entry.pass)) }
    }
    written.sort { $0.pass < $1.pass }
    let turn = max(Self.leastInTurn, (written.count + Self.turns - 1) / Self.turns)
    for (name, questions, _) in written.prefix(turn) {
      state.databases[name]?.contents = nil
      asked.append((name, questions))
    }
    return asked
  }

  /// Keeps what was found in databases, but for those that are not as they are to be.
  /// - Parameter state: what was read before the databases were looked into: what is written meanwhile is seen later.
  func note(
    _ looked: [(name: PostgresName, questions: ContentsQuestions)], _ state: ObservedState,
    unsettled: Set<PostgresName>
  ) {
    for (index, (name, questions)) in looked.enumerated() {
      guard !unsettled.contains(name), let database = state.databases[name], let writes = database.writes,
        let contents = database.contents
      else {
        entries[name] = nil
        continue
      }
      entries[name] = Entry(
        questions: questions, writes: writes, contents: contents, pass: pass,
        due: pass + Self.passes + index % Self.passes)
    }
    for name in unsettled { entries[name] = nil }
  }

  /// Forgets databases in which something was done.
  func forget(_ steps: [Step]) {
    for step in steps { for name in step.databases { entries[name] = nil } }
  }
}

/// What is asked in a database, and what the answers depend on apart from what is in it.
struct ContentsQuestions: Equatable {
  /// What a user is to have there, and what it was given.
  struct Right: Equatable {
    var user: PostgresName
    var level: Grant.Level?
    var before: Grant.Level?
  }

  let declared: Database?
  let makers: [Maker]
  let rights: [Right]
  /// The OIDs of these roles, and of those whose rights they have.
  let roles: [PostgresName: UInt32]

  init(_ name: PostgresName, _ declared: Database?, _ grantees: Grantees, _ state: ObservedState) {
    self.declared = declared
    makers = declared.map { grantees.makers(of: $0) } ?? []
    rights = grantees[name].map { user in
      Right(user: user.name, level: user.level(on: name), before: state.records.records.grants[user.name]?[name])
    }
    var roles: [PostgresName: UInt32] = [:]
    var open = makers.map({ $0.name }) + rights.map({ $0.user })
    while let role = open.popLast() {
      guard roles[role] == nil, let found = state.roles[role] else { continue }
      roles[role] = found.oid
      open += found.memberships
      open += found.limitedMemberships
    }
    self.roles = roles
  }
}

extension Step {
  /// The databases that it may change.
  fileprivate var databases: [PostgresName] { [database] + (item.database.map { [$0] } ?? []) }
}
