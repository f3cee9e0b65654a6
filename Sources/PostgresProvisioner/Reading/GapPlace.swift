import DatabaseSpec
import Provisioning

/// What is asked about the privileges in a database.
struct GapQuestions {
  /// Who must have which, or have them no more.
  var requests: [PrivilegeRequest]
  /// Whose objects it is about.
  var makers: [Maker]
  /// On whose objects Postern may have granted something, now or before.
  var givers: [PostgresName]
}

/// Where in a database a gap is, for the query that reads those behind it. Each part is text of the server's, by whose
/// order places are in order.
struct GapPlace {
  /// Default privileges come first, then schemas, relations and routines.
  var objectClass: String
  /// The object's OID.
  var object: String
  /// The kind and the role.
  var right: String
  /// Whether the privileges are missing.
  var isWanted: String
}

/// Where reading a database's gaps has got to, of which there are others behind.
struct GapWalk {
  var database: PostgresName
  var questions: GapQuestions
  /// The last gap that was read.
  var end: GapPlace
}

/// Gaps of a database.
struct GapReading {
  /// As many as were asked for.
  var gaps: [PrivilegeGap]
  /// The last one's place, where there are others behind it.
  var end: GapPlace?

  /// The rows that were read, of which one more was asked for than there may be.
  init(_ rows: [(gap: PrivilegeGap, place: GapPlace)], limit: Int?) {
    let isPart = limit.map { rows.count > $0 } ?? false
    gaps = (isPart ? rows.dropLast() : rows[...]).map { $0.gap }
    end = isPart ? rows.dropLast().last?.place : nil
  }
}
