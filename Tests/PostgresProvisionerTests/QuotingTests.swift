import DatabaseSpec
import LibPQ
import Provisioning
import TestThreads
import Testing
import ThrowawayPostgres

@Suite(.blocking) struct QuotingTests {
  static let odd = [
    "it's", #"back\slash"#, #"\'; DROP TABLE x; --"#, "new\nline", "\"", "$1 $$", "ä€😀", "a\u{301}", "%s ?",
  ]

  @Test(arguments: PostgresInstallation.all)
  func theServerReadsEveryTextBackAsItWas(_ installation: PostgresInstallation) throws {
    let connection = try PostgresServer.shared(installation).connect()
    for text in Self.odd {
      let name = SQLText.identifier(try PostgresName(text))
      let row = try connection.query("SELECT \(SQLText.literal(text)) AS \(name)")
      #expect(row.value(0, 0).map { Array($0.utf8) } == Array(text.utf8))
      #expect(row.columnName(0).map { Array($0.utf8) } == Array(text.utf8))
    }
  }
}
