import PostgresParser

/// What a script in an annotation may be.
package enum InlineScript {
  /// Whether it is refused for a server of the parser's own version.
  package static func isRefused(_ sql: String) -> Bool {
    let checks = ScriptChecks(secret: sql, named: nil, isTransaction: true, field: "")
    // A script of endless signs is refused before this, and must not be parsed.
    return !checks.findings.isSound || PostgresParser.syntaxError(in: sql) != nil
  }
}
