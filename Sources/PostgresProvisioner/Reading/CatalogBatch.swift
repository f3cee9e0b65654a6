package import LibPQ
package import Provisioning

/// Queries that are sent in one round trip.
struct CatalogBatch {
  fileprivate var statements: [LibPQ.Statement] = []

  /// Adds a query. The returned value finds its rows in the answers.
  mutating func ask<Row>(_ query: CatalogQuery<Row>) -> Asked<Row> {
    statements.append(query.statement)
    return Asked(query: query, index: statements.count - 1)
  }

  /// A query in a batch.
  struct Asked<Row> {
    fileprivate let query: CatalogQuery<Row>
    fileprivate let index: Int
  }

  /// The server's answers to a batch.
  struct Answers {
    fileprivate let results: [QueryResult]

    /// The rows of a query in this batch.
    func rows<Row>(_ asked: Asked<Row>) throws(PostgresError) -> [Row] { try asked.query.rows(results[asked.index]) }

    /// The only row of a query in this batch.
    func row<Row>(_ asked: Asked<Row>) throws(PostgresError) -> Row { try asked.query.row(results[asked.index]) }
  }
}

extension Connection {
  /// Sends a batch and returns its answers. Throws the first error.
  borrowing func answers(_ batch: CatalogBatch) throws(PostgresError) -> CatalogBatch.Answers {
    var results: [QueryResult] = []
    for outcome in try pipeline(batch.statements) { results.append(try outcome.get()) }
    return CatalogBatch.Answers(results: results)
  }

  /// Sends one query and returns its rows.
  package borrowing func rows<Row>(_ query: CatalogQuery<Row>) throws(PostgresError) -> [Row] {
    try query.rows(try self.query(query.sql, query.parameters))
  }

  /// Sends a query that returns exactly one row.
  borrowing func row<Row>(_ query: CatalogQuery<Row>) throws(PostgresError) -> Row {
    try query.row(try self.query(query.sql, query.parameters))
  }
}

extension CatalogQuery {
  fileprivate var statement: LibPQ.Statement { LibPQ.Statement(sql, parameters) }

  fileprivate func rows(_ result: QueryResult) throws(PostgresError) -> [Row] {
    do throws(CatalogError) {
      return try rows(count: result.rowCount, columnCount: result.columnCount) { result.value($0, $1) }
    } catch {
      throw PostgresError(
        kind: .protocol, message: error.message,
        hint: "nothing was changed by half knowledge; report this to Postern with the server's version")
    }
  }

  /// The only row of a result that was received elsewhere; nil is an error.
  func row(_ result: QueryResult?) throws(PostgresError) -> Row {
    guard let result else {
      throw PostgresError(kind: .protocol, message: "the server gave no answer about \(subject)")
    }
    return try row(result)
  }

  fileprivate func row(_ result: QueryResult) throws(PostgresError) -> Row {
    let rows = try rows(result)
    guard rows.count == 1 else {
      throw PostgresError(
        kind: .protocol, message: "the server's answer about \(subject) has \(rows.count) rows instead of one")
    }
    return rows[0]
  }
}
