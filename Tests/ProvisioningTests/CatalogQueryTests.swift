import DatabaseSpec
import Provisioning
import Testing

@Suite struct CatalogQueryTests {
  private static func read(_ table: [[String?]]) throws(CatalogError) -> [String] {
    let query = CatalogQuery("the roles", "SELECT name, oid, super, note") { row throws(CatalogMismatch) in
      (name: try row.name(), oid: try row.oid(), isSuperuser: try row.isTrue(), note: try row.optionalText())
    }
    let rows = try query.rows(count: table.count, columnCount: table.first?.count ?? 4) { table[$0][$1] }
    return rows.map { "\($0.name.text) \($0.oid) \($0.isSuperuser) \($0.note ?? "-")" }
  }

  @Test func readsRows() throws {
    #expect(try Self.read([]) == [])
    #expect(
      try Self.read([["a", "10", "t", nil], ["B", "4294967295", "f", "x"]]) == ["a 10 true -", "B 4294967295 false x"])
  }

  @Test(arguments: [
    ([nil, "1", "t", nil], 1, "expected a name, found NULL"),
    (["", "1", "t", nil], 1, "expected a name"),
    (["a", "4294967296", "t", nil], 2, "expected an OID"),
    (["a", "-1", "t", nil], 2, "expected an OID"),
    (["a", "1", "true", nil], 3, "expected a boolean"),
    (["a", "1", nil, nil], 3, "expected a boolean, found NULL"),
    (["a", "1", "t"], 4, "the answer has no such column"),
    (["a", "1", "t", nil, "more"], 5, "the answer has 5 columns, 4 are read"),
  ])
  func saysWhatDoesNotFit(row: [String?], column: Int, reason: String) {
    let fit = ["a", "1", "t", nil] + Array(repeating: nil, count: max(0, row.count - 4))
    let isFitFirst = row.count == 4
    do throws(CatalogError) {
      let rows = try Self.read(isFitFirst ? [fit, row] : [row])
      Issue.record("read \(rows)")
    } catch {
      let place = "row \(isFitFirst ? 2 : 1), column \(column)"
      #expect(error.message == "the server's answer about the roles cannot be read: \(place): \(reason)")
    }
  }
}
