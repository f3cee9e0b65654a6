internal import CLibPQ

/// A statement with its parameters.
package struct Statement: Equatable, Sendable {
  /// One statement; parameters are `$1`, `$2`….
  package var sql: String
  /// The parameters as text; nil for NULL.
  package var parameters: [String?]

  /// The statement `sql` with `parameters`.
  package init(_ sql: String, _ parameters: [String?] = []) {
    self.sql = sql
    self.parameters = parameters
  }
}

extension Connection {
  /// Sends all statements before it reads the first answer (PostgreSQL docs §34.5). So it needs one round trip for any
  /// number of statements.
  /// - Parameter separately: whether each statement is a transaction of its own and fails alone. Otherwise all
  ///   statements are one transaction, and those after the first that fails are not run.
  /// - Returns: an outcome for each statement, in order.
  /// - Throws: where the connection breaks, or a text cannot be sent. Then it is not known which statements were run.
  package func pipeline(
    _ statements: [Statement], separately: Bool = true
  ) throws(PostgresError) -> [Result<QueryResult, PostgresError>] {
    guard !statements.isEmpty else { return [] }
    var parameters: [CStrings] = []
    for statement in statements {
      try CStrings.check(statement.sql)
      parameters.append(try CStrings(statement.parameters))
    }
    if isInSingleRowMode { try execute("") }
    guard unsafe PQenterPipelineMode(handle) == 1 else { throw failure() }
    defer { unsafe PQexitPipelineMode(handle) }
    for index in statements.indices {
      let isSent = unsafe parameters[index].withPointers { values in
        let count = Int32(statements[index].parameters.count)
        return unsafe PQsendQueryParams(handle, statements[index].sql, count, nil, values, nil, nil, 0) == 1
      }
      guard isSent else { throw failure() }
      if separately || index == statements.indices.last {
        guard unsafe PQpipelineSync(handle) == 1 else { throw failure() }
      }
    }
    var outcomes: [Result<QueryResult, PostgresError>] = []
    outcomes.reserveCapacity(statements.count)
    for index in statements.indices {
      outcomes.append(try nextOutcome())
      if separately || index == statements.indices.last { try expectSync() }
    }
    return outcomes
  }

  /// One statement's outcome. It also reads the null result that ends it.
  private func nextOutcome() throws(PostgresError) -> Result<QueryResult, PostgresError> {
    guard let result = unsafe nextResult() else { throw failure() }
    let answer: Result<QueryResult, PostgresError>
    do throws(PostgresError) { answer = .success(try unsafe outcome(of: result)) } catch { answer = .failure(error) }
    guard !isBroken else {
      throw failure()
    }
    while let rest = unsafe nextResult() { unsafe PQclear(rest) }
    return answer
  }

  private func expectSync() throws(PostgresError) {
    guard let result = unsafe nextResult() else { throw failure() }
    let answer = unsafe QueryResult(result)
    guard answer.status == PGRES_PIPELINE_SYNC else { throw answer.error ?? failure() }
  }
}
