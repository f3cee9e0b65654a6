import Contract
import DatabaseSpec

extension DeclarationReader {
  private static let shape = "a duration, or {every: DURATION, overlap: DURATION}"

  /// Reads `rotate: 30d`, or `rotate: {every: 30d, overlap: 7d}`.
  mutating func rotation(_ node: YAMLNode) -> Located<Rotation>? {
    guard case .mapping = node.content else {
      return every(node).map { Located(value: Rotation(every: $0), place: node.place) }
    }
    guard let members = members(node, known: ["every", "overlap"], expected: Self.shape) else { return nil }
    guard let member = members["every"] else {
      problems.error(node.place, "\"every\" is missing; expected \(Self.shape)")
      return nil
    }
    let every = every(member)
    guard let overlap = members["overlap"] else {
      return every.map { Located(value: Rotation(every: $0), place: node.place) }
    }
    guard let seconds = duration(overlap), let every else { return nil }
    guard (Rotation.minimumOverlap...every / 2).contains(seconds) else {
      problems.error(
        overlap.place,
        "an overlap of \(DurationText.text(seconds)) is too \(seconds < Rotation.minimumOverlap ? "short" : "long")",
        hint: "write from \(DurationText.text(Rotation.minimumOverlap)) to half of every, which is "
          + DurationText.text(every / 2))
      return nil
    }
    return Located(value: Rotation(every: every, overlap: seconds), place: node.place)
  }

  private mutating func every(_ node: YAMLNode) -> Int? {
    guard let seconds = duration(node) else { return nil }
    let range = Rotation.everyRange
    guard range.contains(seconds) else {
      problems.error(
        node.place, "\(DurationText.text(seconds)) is too \(seconds < range.lowerBound ? "often" : "seldom")",
        hint: "write from \(DurationText.text(range.lowerBound)) to \(DurationText.text(range.upperBound))")
      return nil
    }
    return seconds
  }

  private mutating func duration(_ node: YAMLNode) -> Int? {
    guard let text = text(node, expected: "a duration: \(DurationText.expected)") else { return nil }
    if let seconds = DurationText.seconds(text) { return seconds }
    let isNumber = !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    problems.error(
      node.place, "\(quoted(text)) is no duration; expected \(DurationText.expected)",
      hint: isNumber ? "write the unit, too: \(quoted(text + "d")) for days" : nil)
    return nil
  }

  /// Refuses what keeps a password from turning: another source of it, a taken name, or nobody who tells what became of
  /// it.
  mutating func checkRotations(_ users: [DeclaredUser], _ declaration: Declaration) {
    guard users.contains(where: { $0.rotate != nil }) else { return }
    var taken: [PostgresName: (place: Place, what: String)] = [:]
    for user in users {
      if let old = user.renamedFrom { taken[old.value] = (old.place, "the name that a user had") }
      if let name = user.name { taken[name.value] = (name.place, "declared") }
    }
    for user in users {
      guard let rotate = user.rotate, let name = user.name?.value else { continue }
      let place = rotate.place
      if user.passwordFrom != nil {
        problems.error(
          place, "the password of \(quoted(name.text)) comes from passwordFrom, and cannot turn by itself",
          hint: "remove one of them")
      }
      if declaration.statusPort == StatusPortChoice.none {
        problems.error(
          place, "a password can turn only where the sidecar tells what became of it",
          hint: "remove \(AnnotationKey.statusPort), or rotate")
      }
      guard let second = name.secondLogin else {
        problems.error(
          place,
          "the name of \(quoted(name.text)) is \(name.text.utf8.count) bytes long; that of a user whose password turns has at "
            + "most \(PostgresName.maximumBytesWithSecondLogin)", hint: "choose a shorter name, or remove rotate")
        continue
      }
      if let reason = second.reservedAsRole {
        problems.error(
          place, "the second login of \(quoted(name.text)) is to be called \(quoted(second.text)): \(reason)",
          hint: "choose another name, or remove rotate")
      }
      if let other = taken[second] {
        problems.error(
          place,
          "the second login of \(quoted(name.text)) is to be called \(quoted(second.text)), which is \(other.what): "
            + other.place.short, hint: "choose another name, or remove rotate")
      }
    }
  }
}
