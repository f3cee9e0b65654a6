import Contract
import JSONBytes

/// What another approach declared for one customer, as Postern's annotations say it, and what has no like.
struct Migration {
  /// What was read, for people.
  let source: String
  /// The label's value.
  let customer: String
  let namespace: String?
  var users: [MigratedUser] = []
  var databases: [MigratedDatabase] = []
  /// Annotations with plain values.
  var settings: [(key: String, value: String)] = []
  private(set) var remarks: [String] = []

  init(source: String, customer: String, namespace: String?) {
    (self.source, self.customer, self.namespace) = (source, Self.label(customer), namespace)
    if self.customer != customer { remark("the customer's name is \(self.customer): \(customer) cannot be one") }
  }

  /// A name that can be a customer's: a DNS label of at most 40 characters.
  private static func label(_ name: String) -> String {
    var bytes = name.lowercased().utf8.map { byte -> UInt8 in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
      default: UInt8(ascii: "-")
      }
    }.prefix(40)
    while bytes.first == UInt8(ascii: "-") { bytes.removeFirst() }
    while bytes.last == UInt8(ascii: "-") { bytes.removeLast() }
    let text = String(decoding: bytes, as: UTF8.self).replacing(ObjectName.prefix(customer: ""), with: "-")
    return text.isEmpty ? "customer" : text
  }

  /// Notes something for people, once.
  mutating func remark(_ text: String) {
    let line = text.inOneLine
    if !remarks.contains(line) { remarks.append(line) }
  }

  /// The user of this name, who is added where there is none.
  mutating func withUser(_ name: String, _ change: (inout MigratedUser) -> Void = { _ in }) {
    let index = users.firstIndex { $0.name == name } ?? users.endIndex
    if index == users.endIndex { users.append(MigratedUser(name: name)) }
    change(&users[index])
  }

  /// The same for a database.
  mutating func withDatabase(_ name: String, owner: String, _ change: (inout MigratedDatabase) -> Void = { _ in }) {
    let index = databases.firstIndex { $0.name == name } ?? databases.endIndex
    if index == databases.endIndex { databases.append(MigratedDatabase(name: name, owner: owner)) }
    change(&databases[index])
  }

  /// Notes which members of an object say nothing about users and databases.
  mutating func remarkOthers(of spec: JSONValue?, but known: Set<String>) {
    guard case .object(let members)? = spec else { return }
    let others = members.members.map(\.key).filter { !known.contains($0) }
    guard !others.isEmpty else { return }
    remark(
      "how Postgres itself is run has no like, and is for its StatefulSet to say: \(others.joined(separator: ", "))")
  }

  /// Notes what a role may do that none of Postern's users may. Words that are no options are not shown.
  mutating func remarkPowers(_ powers: [String], of user: String) {
    let plain: Set = ["login", "inherit", "nosuperuser", "nocreatedb", "nocreaterole", "noreplication", "nobypassrls"]
    let others = powers.map { $0.lowercased() }.filter { !plain.contains($0) }
    let known = others.filter { RoleOptions.known.contains($0) || ["nologin", "no password"].contains($0) }
    if known.count < others.count { remark("user \(user): an option is none of a role's, and is left out") }
    guard !known.isEmpty else { return }
    remark(
      "user \(user): \(known.joined(separator: ", ")) has no like; Postern's users log in, and are no administrators")
  }

  // MARK: What is printed

  /// A part of a manifest, which is a patch for the workload, too, and whether it declares anything. Remarks are its comments.
  func manifest() throws(CommandError) -> (yaml: String, declares: Bool) {
    let settled = try settled()
    let metadata = JSONValue.members([
      ("labels", .members([(AnnotationKey.customerLabel, .string(customer))])),
      (
        "annotations",
        settled.annotations.isEmpty ? nil : .members(settled.annotations.map { ($0.key, .string($0.value)) })
      ),
    ])
    let comments = ["from \(source)".inOneLine] + (remarks + settled.remarks).map { "remark: \($0)" }
    let text = comments.map { "# \($0)\n" }.joined() + (try JSONValue.members([("metadata", metadata)]).yaml())
    return (text, !settled.annotations.isEmpty)
  }
}
