import DatabaseSpec
import LibPQ
import Provisioning

extension Observer {
  /// What is in one database, over a connection to it.
  func observeContents(
    of name: PostgresName, _ spec: InstanceSpec, _ grantees: Grantees, _ state: ObservedState,
    _ connection: borrowing Connection
  ) throws(PostgresError) -> DatabaseContents {
    let requests = spec.privilegeRequests(
      of: grantees[name], in: name, records: state.records.records, serverVersion: state.serverVersion)
    let creators = spec.databases.first { $0.name == name }?.creators ?? []
    let answers = try connection.answers([
      LibPQ.Statement(Self.schemasQuery),
      LibPQ.Statement(Self.extensionsQuery),
      LibPQ.Statement(Self.publicSchemaQuery),
      LibPQ.Statement(Self.recorderQuery),
      LibPQ.Statement(Self.callersQuery),
      LibPQ.Statement(
        requests.isEmpty ? Self.noGapsQuery : Self.gapsQuery,
        requests.isEmpty
          ? []
          : [
            SQLText.array(requests.map({ $0.role.text })), SQLText.array(requests.map({ $0.kind.rawValue })),
            SQLText.array(requests.map({ $0.privilege })), SQLText.array(requests.map { $0.isWanted ? "t" : "f" }),
            SQLText.array(creators.map({ $0.text })),
          ]),
      LibPQ.Statement(Self.superuserRelationsQuery),
    ])
    var contents = DatabaseContents(isPublicSchemaOpen: answers[2].isTrue(0, 0))
    for row in 0..<answers[0].rowCount {
      guard let schema = answers[0].name(row, 0), let owner = answers[0].name(row, 1) else { continue }
      contents.schemas[schema] = owner
    }
    for row in 0..<answers[1].rowCount {
      guard let name = answers[1].name(row, 0), let schema = answers[1].name(row, 1) else { continue }
      contents.extensions[name] = InstalledExtension(schema: schema, version: answers[1].value(row, 2) ?? "")
    }
    contents.recorder = Self.recorder(answers[3], callers: answers[4])
    if case .present = contents.recorder {
      let rows = try connection.query("SELECT name, sha256 FROM postern.script ORDER BY name")
      contents.scripts = (0..<rows.rowCount).map { row in
        AppliedScript(name: rows.value(row, 0) ?? "", sha256: rows.value(row, 1) ?? "")
      }
    }
    contents.gaps = Self.gaps(answers[5])
    contents.superuserRelations = answers[6].integer(0, 0) ?? 0
    return contents
  }

  /// Each row is an owner and whether that is a superuser.
  private static func recorder(_ owners: QueryResult, callers: QueryResult) -> RecorderState {
    guard owners.rowCount > 0 else { return .absent }
    for row in 0..<owners.rowCount {
      if let owner = owners.name(row, 0), !owners.isTrue(row, 1) { return .foreign(owner: owner) }
    }
    return .present(callers: Set((0..<callers.rowCount).compactMap { callers.name($0, 0) }))
  }

  /// Rows of one role, object and direction follow one another, a privilege each.
  private static func gaps(_ rows: QueryResult) -> [PrivilegeGap] {
    var gaps: [PrivilegeGap] = []
    for row in 0..<rows.rowCount {
      guard let role = rows.name(row, 0), let kind = rows.value(row, 1).flatMap({ ObjectKind(rawValue: $0) }),
        let target = rows.value(row, 3), let privilege = rows.value(row, 4)
      else { continue }
      var gap = PrivilegeGap(
        role: role, kind: kind, target: .object(target), privileges: [privilege], isMissing: rows.isTrue(row, 5))
      if rows.isTrue(row, 2) {
        guard let creator = rows.name(row, 3) else { continue }
        gap.target = .future(creator: creator)
      }
      if let last = gaps.last, last.role == gap.role, last.kind == gap.kind, last.target == gap.target,
        last.isMissing == gap.isMissing
      {
        gaps[gaps.count - 1].privileges.append(privilege)
      } else {
        gaps.append(gap)
      }
    }
    return gaps
  }
}
