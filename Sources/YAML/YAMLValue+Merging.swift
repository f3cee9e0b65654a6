extension YAMLValue {
  /// Whether this key of a mapping is `<<`, which adds members of other mappings (YAML 1.1, "Merge Key Language-Independent
  /// Type"). In quotes it is text, unless a tag says otherwise.
  package var isMergeKey: Bool {
    guard case .scalar("<<", let style) = content else { return false }
    return tag.map { $0 == "tag:yaml.org,2002:merge" } ?? (style == .plain)
  }

  /// What is wrong with a merge key that has another value.
  package static let mergeProblem = "<< needs a mapping, or a list of mappings, as its value"

  /// The value with each merge key replaced by the members that it adds. As for kubectl, the last of several members
  /// with one key counts, which may be an added one; of a list of mappings the first takes precedence.
  /// - Parameter maximumValues: the most values to walk. Values that aliases repeat count each time.
  package func merged(maximumValues: Int) throws(YAMLError) -> YAMLValue {
    var budget = maximumValues
    return try merged(&budget)
  }

  private func merged(_ budget: inout Int) throws(YAMLError) -> YAMLValue {
    budget -= 1
    guard budget >= 0 else { throw YAMLError(.tooMany, "aliases repeat too many values", at: mark) }
    switch content {
    case .scalar: return self
    case .sequence(let sequence):
      var elements: [YAMLValue] = []
      for element in sequence { elements.append(try element.merged(&budget)) }
      return YAMLValue(.sequence(elements), tag: tag, mark: mark)
    case .mapping(let mapping):
      var members: [Member] = []
      for member in mapping {
        if member.key.isMergeKey {
          members += try member.value.addedMembers(&budget)
        } else {
          members.append(Member(key: member.key, value: try member.value.merged(&budget)))
        }
      }
      return YAMLValue(.mapping(members), tag: tag, mark: mark)
    }
  }

  /// The members that a merge key with this value adds.
  private func addedMembers(_ budget: inout Int) throws(YAMLError) -> [Member] {
    var added: [Member] = []
    for mapping in elements?.reversed() ?? [self] {
      guard let members = try mapping.merged(&budget).members else {
        throw YAMLError(.syntax, Self.mergeProblem, at: mapping.mark)
      }
      added += members
    }
    return added
  }
}
