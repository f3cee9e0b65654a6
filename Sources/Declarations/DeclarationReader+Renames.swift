import Contract
import DatabaseSpec

extension DeclarationReader {
  /// The name that an entry had before, if such an object can have been declared.
  mutating func formerName(
    _ node: YAMLNode, of what: String, _ reserved: KeyPath<PostgresName, String?>
  ) -> Located<PostgresName>? {
    guard let name = name(node, of: what) else { return nil }
    guard let reason = name.value[keyPath: reserved] else { return name }
    problems.error(
      name.place, "\(what) cannot be renamed from \(quoted(name.value.text)): \(reason)", hint: "remove renamedFrom")
    return nil
  }

  /// Refuses old names that are declared as well, which also excludes chains and circles, and those that two entries
  /// claim.
  mutating func checkRenames(
    _ entries: [(name: Located<PostgresName>?, from: Located<PostgresName>?)], of what: String
  ) {
    guard entries.contains(where: { $0.from != nil }) else { return }
    let declared = Set(entries.compactMap { $0.name?.value })
    var places: [PostgresName: Place] = [:]
    for case (let name, let from?) in entries {
      let old = quoted(from.value.text)
      if from.value == name?.value {
        problems.error(
          from.place, "the \(what) is called \(old) now", hint: "write the name that it had, or remove renamedFrom")
      } else if declared.contains(from.value) {
        problems.error(
          from.place, "\(old) is declared as well: a \(what) that is renamed is declared by its new name alone",
          hint: "remove the entry of \(old), or renamedFrom")
      } else if let other = places[from.value] {
        problems.error(
          from.place, "only one \(what) can be renamed from \(old): \(other.short) is", hint: "remove one of the two")
      } else {
        places[from.value] = from.place
      }
    }
  }
}
