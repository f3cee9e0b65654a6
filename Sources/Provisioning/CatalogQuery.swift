/// A query with the reader of its rows. Both are declared together, so that a column that is added to one cannot be
/// forgotten in the other.
package struct CatalogQuery<Row> {
  /// The subject of the query, for errors: `roles`.
  package let subject: StaticString
  /// One SELECT, with parameters `$1`, `$2`…; it resolves names with `search_path = pg_catalog`.
  package let sql: String
  /// The parameters as text; nil for NULL.
  package let parameters: [String?]
  private let read: (inout CatalogRow) throws(CatalogMismatch) -> Row

  /// A query about `subject`; `read` reads all columns of one row, in order.
  package init(
    _ subject: StaticString, _ sql: String, _ parameters: [String?] = [],
    read: @escaping (inout CatalogRow) throws(CatalogMismatch) -> Row
  ) {
    self.subject = subject
    self.sql = sql
    self.parameters = parameters
    self.read = read
  }

  /// Reads a result; `value` returns the text at a row and a column, both from 0.
  /// - Throws: where a row does not fit. No row is left out, because a plan based on half of a server's state would be
  ///   wrong.
  package func rows(
    count: Int, columnCount: Int, value: @escaping (Int, Int) -> String?
  ) throws(CatalogError) -> [Row] {
    var rows: [Row] = []
    rows.reserveCapacity(count)
    for index in 0..<count {
      var row = CatalogRow(columnCount: columnCount) { value(index, $0) }
      do throws(CatalogMismatch) {
        rows.append(try read(&row))
        try row.checkIsRead()
      } catch {
        throw CatalogError(subject: subject.description, row: index + 1, mismatch: error)
      }
    }
    return rows
  }
}

/// A row that does not fit its query's reader.
package struct CatalogError: Error, Equatable, Sendable {
  /// The subject of the query.
  package var subject: String
  /// The row, from 1.
  package var row: Int
  /// The mismatch in the row.
  package var mismatch: CatalogMismatch

  /// One line for people.
  package var message: String {
    "the server's answer about \(subject) cannot be read: row \(row), column \(mismatch.column): \(mismatch.reason)"
  }
}
