/// The result of reading a declaration: either a valid declaration, or all of its errors. A class, because it is handed on,
/// and copies would retain every part of it.
package final class DeclarationResult: Sendable {
  /// The declaration; nil if and only if there are errors.
  package let declaration: Declaration?
  /// All errors, by annotation and line.
  package let errors: [DeclarationProblem]
  /// Warnings about settings that are allowed, by annotation and line.
  package let warnings: [DeclarationProblem]
  /// Settings that were once allowed. New objects are refused for them, and objects that already have them are not. By
  /// annotation and line.
  package let restrictions: [DeclarationProblem]
  /// The inline scripts that could be read, in their order, even if the declaration has errors.
  package let scripts: [DeclaredScript]
  /// Warnings that apply from a certain time on.
  package let expiries: [DeclaredExpiry]
  /// The part that could be read of a declaration with errors; nil for one without.
  package let outline: DeclarationOutline?

  /// The declaration, or else the part of it that could be read.
  package var readable: Declaration? { declaration ?? outline?.declaration }

  /// The declaration if there are no errors, otherwise only the errors.
  init(
    _ declaration: Declaration, problems: Problems, scripts: [DeclaredScript] = [], expiries: [DeclaredExpiry] = [],
    outline: DeclarationOutline? = nil
  ) {
    errors = Self.inOrder(problems.errors)
    warnings = Self.inOrder(problems.warnings)
    restrictions = Self.inOrder(problems.restrictions)
    self.scripts = scripts
    self.expiries = expiries
    self.outline = outline
    self.declaration = errors.isEmpty ? declaration : nil
  }

  private static func inOrder(_ problems: [DeclarationProblem]) -> [DeclarationProblem] {
    guard problems.count > 1 else { return problems }
    return problems.enumerated().sorted { left, right in
      guard left.element.annotation == right.element.annotation else {
        return left.element.annotation < right.element.annotation
      }
      let places = [left, right].map { ($0.element.line ?? 0, $0.element.column ?? 0, $0.offset) }
      return places[0] < places[1]
    }.map(\.element)
  }
}
