import Contract

/// An error or a warning about a declaration: the place, the problem, and what to do. It never contains a password.
package struct DeclarationProblem: Equatable, Sendable {
  /// `postern.io/users`; the label `postern.io/customer`; for a flat file `SECRET/KEY`.
  package var annotation: String
  /// The path in the annotation's YAML, such as `[2].grants.orders`; empty for the whole.
  package var path: String
  /// The line in the annotation's value, from 1.
  package var line: Int?
  /// The column in that line, in Unicode scalars, from 1.
  package var column: Int?
  /// What is wrong and what was expected, understandable without the other fields.
  package var reason: String
  /// What to do.
  package var hint: String?

  /// A problem at a place.
  package init(
    annotation: String, path: String = "", line: Int? = nil, column: Int? = nil, reason: String, hint: String? = nil
  ) {
    self.annotation = annotation
    self.path = path
    self.line = line
    self.column = column
    self.reason = reason
    self.hint = hint
  }

  /// The object's field, as in a Kubernetes cause: `metadata.annotations[postern.io/users][2].name`. For a flat file it
  /// is the annotation that refers to it.
  package var field: String {
    if annotation == AnnotationKey.customerLabel || annotation == AnnotationKey.connectLabel {
      return "metadata.labels[\(annotation)]"
    }
    guard annotation.utf8.starts(with: AnnotationKey.prefix.utf8) else {
      return "metadata.annotations[\(AnnotationKey.usersFrom)]"
    }
    return "metadata.annotations[\(annotation)]\(path)"
  }

  /// One line: `postern.io/users[2].name (line 3, column 11): …; did you mean …`.
  package var message: String {
    var place = annotation + path
    switch (line, column) {
    case (let line?, let column?): place += " (line \(line), column \(column))"
    case (let line?, nil): place += " (line \(line))"
    case (nil, _): break
    }
    return "\(place): \(reason)" + (hint.map { "; \($0)" } ?? "")
  }
}
