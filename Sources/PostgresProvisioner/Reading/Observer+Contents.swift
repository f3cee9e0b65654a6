import DatabaseSpec
import LibPQ
import Provisioning

extension Observer {
  /// Reads the contents of one database, over a connection to it.
  /// - Parameter limit: how many gaps are read of it at most; nil for all.
  /// - Returns: what is there, and how to read on, where there are more gaps.
  func observeContents(
    of name: PostgresName, _ declared: Database?, _ customer: String, _ grantees: Grantees, _ state: ObservedState,
    limit: Int?, _ connection: borrowing Connection
  ) throws(PostgresError) -> (contents: DatabaseContents, walk: GapWalk?) {
    let questions = gapQuestions(in: name, declared, customer, grantees, state)
    let makers = questions.makers
    let readers =
      declared.map { [$0.owner] + grantees[name].filter { $0.level(on: name) != nil }.map({ $0.name }) } ?? []
    let unwanted = questions.requests.filter { !$0.isWanted }
    let owner = state.databases[name]?.owner
    let losers = Set(unwanted.map({ $0.role }) + (declared?.owner == owner ? [] : [owner].compactMap { $0 })).sorted()
    var batch = CatalogBatch()
    // What a transaction has made that ends afterwards is seen by the queries behind this one.
    let openTransactions = losers.isEmpty ? nil : batch.ask(Catalog.openTransactions(about: losers))
    let schemas = batch.ask(Catalog.schemas)
    let extensions = batch.ask(Catalog.extensions)
    let isPublicSchemaOpen = batch.ask(Catalog.isPublicSchemaOpen)
    let uncovered = batch.ask(Catalog.uncovered(by: makers, from: readers))
    let mereReaders = grantees[name].filter { $0.name != declared?.owner && $0.level(on: name) == .read }
    let definers =
      mereReaders.isEmpty ? nil : batch.ask(Catalog.definers(callableBy: mereReaders.map({ $0.name })))
    let invalidIndexes = batch.ask(Catalog.invalidIndexes)
    let recorder = batch.ask(Postern.recorder)
    let recorderCallers = batch.ask(Postern.recorderCallers)
    let publications = batch.ask(Postern.publications)
    let passedOn = unwanted.isEmpty ? nil : batch.ask(Catalog.passedOn(unwanted))
    let gaps =
      questions.requests.isEmpty
      ? nil : batch.ask(Catalog.gaps(questions, behind: nil, limit: limit.map { $0 + 1 }))
    let answers = try connection.answers(batch)

    var contents = DatabaseContents(
      isPublicSchemaOpen: try answers.row(isPublicSchemaOpen))
    for (objects, areSchemas) in try answers.rows(uncovered) {
      if areSchemas { contents.closedSchemas.append(objects) } else { contents.uncovered.append(objects) }
    }
    if let definers { contents.definers = try answers.rows(definers) }
    contents.invalidIndexes = try answers.rows(invalidIndexes)
    for (name, owner) in try answers.rows(schemas) { contents.schemas[name] = owner }
    for (name, installed) in try answers.rows(extensions) { contents.extensions[name] = installed }
    if let (condition, isQuiet) = try answers.rows(recorder).first {
      contents.recorder = Self.recorder(condition, isQuiet, callers: try answers.rows(recorderCallers))
      contents.intruders = condition.intruders
    }
    if case .present = contents.recorder { contents.scripts = try connection.rows(Postern.recordedScripts) }
    contents.publications = try answers.row(publications)
    if let openTransactions {
      for (role, transaction) in try answers.rows(openTransactions) { contents.openTransactions[role] = transaction }
    }
    if let passedOn { contents.passedOn = try answers.rows(passedOn) }
    guard let gaps else { return (contents, nil) }
    let reading = GapReading(try answers.rows(gaps), limit: limit)
    contents.gaps = reading.gaps
    contents.hasMoreGaps = reading.end != nil
    return (contents, reading.end.map { GapWalk(database: name, questions: questions, end: $0) })
  }

  /// Reads the next gaps.
  func observeGaps(_ walk: GapWalk) throws(PostgresError) -> GapReading {
    let query = Catalog.gaps(walk.questions, behind: walk.end, limit: gapLimit.map { $0 + 1 })
    return GapReading(try administration.connect(to: walk.database).rows(query), limit: gapLimit)
  }

  private func gapQuestions(
    in name: PostgresName, _ declared: Database?, _ customer: String, _ grantees: Grantees, _ state: ObservedState
  ) -> GapQuestions {
    let requests = grantees.privilegeRequests(
      in: name, declared: declared, records: state.records.records, serverVersion: state.serverVersion)
    return GapQuestions(
      requests: requests, makers: declared.map { grantees.makers(of: $0) } ?? [],
      givers: requests.allSatisfy { $0.isWanted }
        ? [] : grantees.givers(in: name, declared: declared, customer: customer, state))
  }

  private static func recorder(
    _ condition: RecordsCondition, _ isQuiet: Bool?, callers: [(caller: PostgresName, isReader: Bool)]
  ) -> RecorderState {
    let names = Set(callers.map({ $0.caller }))
    if !condition.isSuperuser { return .foreign(owner: condition.owner, isQuiet: isQuiet) }
    if let additions = condition.additions { return .altered(by: additions, callers: names) }
    return .present(
      callers: names, readers: Set(callers.filter({ $0.isReader }).map({ $0.caller })), isQuiet: isQuiet)
  }
}
