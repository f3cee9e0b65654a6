import Contract
import Declarations
import JSONBytes

extension Migration {
  /// What is printed: annotations that the webhook takes, in the order in which people read them, and a remark for each thing
  /// that it does not take, which is left out.
  func settled() throws(CommandError) -> (annotations: [(key: String, value: String)], remarks: [String]) {
    var lists: [String: JSONValue] = [
      AnnotationKey.users: .array(users.map(\.json)), AnnotationKey.databases: .array(databases.map(\.json)),
    ]
    var remarks = (users.map { ("user", $0.name) } + databases.map { ("database", $0.name) })
      .filter { $1.hasPlaceholder }.map { noun, name in
        "\(noun) \(name): its name is a placeholder, which stays one: write the name, or let this be filled in as its manifest is"
          .inOneLine
      }
    while true {
      var annotations = settings
      for key in [AnnotationKey.users, AnnotationKey.databases] {
        if let list = lists[key], list.array?.isEmpty == false { annotations.append((key, try list.yaml())) }
      }
      let result = Declaration.parse(
        customer: customer, annotations: Dictionary(annotations.map { ($0.key, $0.value) }) { $1 })
      // The last entry first, so that the places of the others stay what they are.
      guard let problem = (result.errors + result.restrictions).last else { return (annotations, remarks) }
      guard let list = lists[problem.annotation], let path = PrunedPath(problem.path) else {
        return (annotations, remarks + ["Postern refuses it as it stands: \(problem.message)".inOneLine])
      }
      let name = list.array.flatMap { path.entry < $0.count ? $0[path.entry]["name"]?.string : nil } ?? ""
      let noun = problem.annotation == AnnotationKey.users ? "user" : "database"
      let hint = problem.hint.map { "; \($0)" } ?? ""
      let what = path.member.map { "its \($0)" } ?? "it"
      remarks.append("\(noun) \(name): Postern refuses \(what), which is left out: \(problem.reason)\(hint)".inOneLine)
      lists[problem.annotation] = list.removing(path)
    }
  }
}

/// What is taken out of a list of entries because it is refused.
private struct PrunedPath {
  let entry: Int
  /// Nil for the whole entry.
  let member: String?
  /// A part of the member.
  let index: Int?
  let key: String?

  /// Reads a path such as `[2].memberOf[1]`. An entry is nothing without its name and its owner.
  init?(_ path: String) {
    guard let match = path.wholeMatch(of: /\[(\d+)\](?:\.([A-Za-z]+))?(?:\[(\d+)\]|\.([^.\[]+)|\["(.*)"\])?.*/),
      let entry = Int(match.output.1)
    else { return nil }
    self.entry = entry
    let member = match.output.2.map(String.init)
    self.member = member == "name" || member == "owner" ? nil : member
    index = match.output.3.flatMap { Int($0) }
    key = (match.output.4 ?? match.output.5).map(String.init)
  }
}

extension JSONValue {
  /// The list without what a path leads to.
  fileprivate func removing(_ path: PrunedPath) -> JSONValue {
    guard case .array(var entries) = self, path.entry < entries.count else { return .array([]) }
    guard let member = path.member, case .object(var entry) = entries[path.entry] else {
      entries.remove(at: path.entry)
      return .array(entries)
    }
    switch entry[member] {
    case .array(var elements)? where elements.count > 1 && path.index.map { $0 < elements.count } == true:
      elements.remove(at: path.index ?? 0)
      entry[member] = .array(elements)
    case .object(var members)?
    where member == "grants" && path.key.map { members[$0] != nil } == true && members.members.count > 1:
      members[path.key ?? ""] = nil
      entry[member] = .object(members)
    case nil:
      // What is missing cannot be taken out.
      entries.remove(at: path.entry)
      return .array(entries)
    default: entry[member] = nil
    }
    entries[path.entry] = .object(entry)
    return .array(entries)
  }
}
