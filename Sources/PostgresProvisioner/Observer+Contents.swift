import DatabaseSpec
import LibPQ
import Provisioning

extension Observer {
  /// Reads the contents of one database, over a connection to it.
  /// - Parameter limit: how many gaps are read of it at most; nil for all.
  func observeContents(
    of name: PostgresName, _ declared: Database?, _ customer: String, _ grantees: Grantees, _ state: ObservedState,
    limit: Int?, _ connection: borrowing Connection
  ) throws(PostgresError) -> DatabaseContents {
    let requests = grantees.privilegeRequests(
      in: name, declared: declared, records: state.records.records, serverVersion: state.serverVersion)
    let makers = declared.map { grantees.makers(of: $0) } ?? []
    let readers =
      declared.map { [$0.owner] + grantees[name].filter { $0.level(on: name) != nil }.map({ $0.name }) } ?? []
    var batch = CatalogBatch()
    let schemas = batch.ask(Catalog.schemas)
    let extensions = batch.ask(Catalog.extensions)
    let isPublicSchemaOpen = batch.ask(Catalog.isPublicSchemaOpen)
    let uncovered = batch.ask(Catalog.uncovered(by: makers, from: readers))
    let mereReaders = grantees[name].filter { $0.name != declared?.owner && $0.level(on: name) == .read }
    let definers =
      mereReaders.isEmpty ? nil : batch.ask(Catalog.definers(callableBy: mereReaders.map({ $0.name })))
    let invalidIndexes = batch.ask(Catalog.invalidIndexes)
    let recorderOwners = batch.ask(Postern.recorderOwners)
    let recorderCallers = batch.ask(Postern.recorderCallers)
    let publications = batch.ask(Catalog.publicationsOfAllTables)
    let unwanted = requests.filter { !$0.isWanted }
    let passedOn = unwanted.isEmpty ? nil : batch.ask(Catalog.passedOn(unwanted))
    let givers =
      unwanted.isEmpty ? [] : grantees.givers(in: name, declared: declared, customer: customer, state)
    let gaps =
      requests.isEmpty
      ? nil : batch.ask(Catalog.gaps(requests, makers: makers, givers: givers, limit: limit.map { $0 + 1 }))
    let answers = try connection.answers(batch)

    var contents = DatabaseContents(
      isPublicSchemaOpen: try answers.row(isPublicSchemaOpen),
      uncovered: try answers.rows(uncovered))
    if let definers { contents.definers = try answers.rows(definers) }
    contents.invalidIndexes = try answers.rows(invalidIndexes)
    for (name, owner) in try answers.rows(schemas) { contents.schemas[name] = owner }
    for (name, installed) in try answers.rows(extensions) { contents.extensions[name] = installed }
    contents.recorder = Self.recorder(
      owners: try answers.rows(recorderOwners), callers: try answers.rows(recorderCallers))
    if case .present = contents.recorder { contents.scripts = try connection.rows(Postern.recordedScripts) }
    contents.publications = try answers.rows(publications)
    if let passedOn { contents.passedOn = try answers.rows(passedOn) }
    if let gaps {
      contents.gaps = try answers.rows(gaps)
      if let limit, contents.gaps.count > limit {
        contents.gaps.removeLast()
        contents.hasMoreGaps = true
      }
    }
    return contents
  }

  private static func recorder(
    owners: [(owner: PostgresName, isSuperuser: Bool)], callers: [(caller: PostgresName, isReader: Bool)]
  ) -> RecorderState {
    guard !owners.isEmpty else { return .absent }
    for (owner, isSuperuser) in owners where !isSuperuser { return .foreign(owner: owner) }
    return .present(
      callers: Set(callers.map({ $0.caller })), readers: Set(callers.filter({ $0.isReader }).map({ $0.caller })))
  }
}
