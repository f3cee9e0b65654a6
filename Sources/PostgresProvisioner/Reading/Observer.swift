import DatabaseSpec
import LibPQ
import Provisioning

/// Reads what a server holds: a few queries for the server as a whole, and one round trip for each database that
/// something is declared in, unless it is known what is in there.
struct Observer {
  let administration: Administration
  let cache: VerifierCache
  let known: ContentsCache
  /// How many gaps are read at once, of all databases together; nil for all.
  /// A server may have any number of objects, and the sidecar 16 MiB.
  var gapLimit: Int?

  /// How many are read of each database whatever the others have.
  private static let leastGaps = 50

  /// What was read.
  struct Observation {
    var state: ObservedState
    /// The databases that could not be read.
    var unread: [Failure] = []
    /// Those that were looked into.
    var looked: [(name: PostgresName, questions: ContentsQuestions)] = []
    /// Where there are more gaps than were read.
    var unfinished: [GapWalk] = []
  }

  /// Reads the server, and the databases of which it is not known what is in them.
  /// - Parameter server: what is known of the server already, without what is in its databases.
  func observe(
    _ desired: DesiredState, _ connection: borrowing Connection, _ server: ObservedState? = nil
  ) throws(PostgresError) -> Observation {
    var state: ObservedState
    if let server { state = server } else { state = try observeServer(desired, connection) }
    let grantees = Grantees(desired.spec, state.records.records)
    var declared: [PostgresName: Database] = [:]
    for database in desired.spec.databases { declared[database.name] = database }
    let server = state
    let looked = known.recall(Self.databasesToRead(desired.spec, grantees, state), &state) { name in
      ContentsQuestions(name, declared[name], grantees, server)
    }
    var unread: [Failure] = []
    var unfinished: [GapWalk] = []
    var room = gapLimit
    for (name, _) in looked {
      do throws(PostgresError) {
        let database = try administration.connect(to: name)
        let (contents, walk) = try observeContents(
          of: name, declared[name], desired.spec.customer, grantees, state,
          limit: room.map { max($0, Self.leastGaps) }, database)
        state.databases[name]?.contents = contents
        if let walk { unfinished.append(walk) }
        room = room.map { $0 - contents.gaps.count }
      } catch {
        // Of one that nobody declares any more, nothing else is needed.
        let isNeeded = declared[name] != nil || grantees.recordedDatabases.contains(name)
        guard isNeeded || error.isDisconnection else { continue }
        unread.append(Failure(.database(name), error))
      }
    }
    if Self.isExtensionUnsettled(desired.spec, state) {
      // One control file that the server cannot read, of any extension, is an error. CREATE EXTENSION needs its own alone.
      do throws(PostgresError) { state.availableExtensions = try observeExtensions(connection) } catch {
        guard error.kind == .server, !connection.isBroken else { throw error }
      }
    }
    return Observation(state: state, unread: unread, looked: looked, unfinished: unfinished)
  }

  /// Databases in which something is declared, or was granted, or a record of scripts may be.
  private static func databasesToRead(
    _ spec: InstanceSpec, _ grantees: Grantees, _ state: ObservedState
  ) -> [PostgresName] {
    let declared = spec.databases.filter { database in
      !database.extensions.isEmpty || !database.schemas.isEmpty || !database.scripts.isEmpty
        || !grantees[database.name].isEmpty || grantees.makers(of: database).contains { $0.isMember }
        || state.serverVersion < 150_000
        || state.databases[database.name].map { $0.owner != database.owner || $0.isOwnerCaller } == true
    }
    let names = declared.map({ $0.name })
    // Databases that are declared no more have their record of scripts still.
    let left = state.databases.filter { $0.value.isOwnerCaller && state.isRecorded($0.value.owner, by: spec.customer) }
    let others = grantees.recordedDatabases.union(left.keys).subtracting(names)
    return (names + others.sorted()).filter { name in
      guard let database = state.databases[name] else { return false }
      return database.isUsable
    }
  }

  /// Whether a declared extension is missing, has another version, or may be in the wrong schema.
  private static func isExtensionUnsettled(_ spec: InstanceSpec, _ state: ObservedState) -> Bool {
    spec.databases.contains { database in
      database.extensions.contains { wanted in
        guard let installed = state.databases[database.name]?.contents?.extensions[wanted.name] else { return true }
        return installed.schema == Postern.catalogSchema
          || wanted.version.map { !$0.utf8.elementsEqual(installed.version.utf8) } ?? false
      }
    }
  }

  private func observeExtensions(
    _ connection: borrowing Connection
  ) throws(PostgresError) -> [PostgresName: [AvailableExtension]] {
    var available: [PostgresName: [AvailableExtension]] = [:]
    for (name, version) in try connection.rows(Catalog.availableExtensions) {
      available[name, default: []].append(version)
    }
    return available
  }
}
