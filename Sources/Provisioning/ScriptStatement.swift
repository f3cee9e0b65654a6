/// One statement of a script, with its place.
package struct ScriptStatement: Equatable, Sendable {
  /// Its text, without the `;`.
  package var text: String
  /// The words outside of parentheses that are or could be keywords, in lower case. A name in quotes has them, so that it is
  /// like no keyword; literals are no words. Only ``check(_:isTransaction:)`` gives them.
  package var words: [String] = []
  /// All tokens, which ``check(_:isTransaction:)`` alone gives, too.
  package var tokens: [ScriptToken] = []
  /// The line in which it begins, from 1.
  package var line: Int
  /// The character of that line at which it begins, from 1.
  package var column: Int

  /// Where a character of the statement is in the script: `position` counts characters (Unicode scalars) from 1, as
  /// the server's error position does.
  package func place(of position: Int) -> ScriptPlace {
    var place = ScriptPlace(line: line, column: column)
    place.pass(characters: position - 1, of: text)
    return place
  }

  /// Splits a script into its statements as the server's scanner would (PostgreSQL docs §4.1, its `scan.l`; `gram.y`
  /// for the bodies of CREATE FUNCTION … BEGIN ATOMIC), with `standard_conforming_strings` on. An unfinished literal or
  /// comment is left to the server, whose error is the best explanation.
  /// - Throws: for text that only psql understands and, in a transaction, for commands that would end it.
  package static func split(_ script: String, isTransaction: Bool) throws(ScriptError) -> [ScriptStatement] {
    var splitter = ScriptSplitter(script, isTransaction: isTransaction, keepsTokens: false)
    let (statements, errors, _) = splitter.split()
    if let error = errors.first { throw error }
    return statements
  }

  /// The same, with the statements' words, errors for everything that Postern cannot run, and the nesting depth of
  /// parentheses.
  package static func check(
    _ script: String, isTransaction: Bool
  ) -> (statements: [ScriptStatement], errors: [ScriptError], depth: Int) {
    var splitter = ScriptSplitter(script, isTransaction: isTransaction, keepsTokens: true)
    return splitter.split()
  }
}

/// A token of a script: a word, a name, a number, a literal, or one byte of any other sign.
package struct ScriptToken: Equatable, Sendable {
  /// A word or a number in lower case; a name in quotes with them; empty for a literal.
  package let text: String
  /// The offset of its first byte in the script.
  package let start: Int
}

/// Why Postern cannot run a script.
package struct ScriptError: Error, Equatable, Sendable {
  /// What is wrong, with its line and column.
  package var message: String
  /// What to do.
  package var hint: String
}
