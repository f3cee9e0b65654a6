import Contract
import DatabaseSpec

extension DeclarationReader {
  private static let connectionKeys = [
    "user", "database", "customer", "name", "env", "prefix", "containers", "wait", "restart",
  ]
  /// Each connection adds a volume to the Pod and a mount to its containers.
  private static let maximumConnections = 32
  private static let maximumNameBytes = 63
  /// Each name may be an error. Kubernetes stores no Pod that has nearly as many containers.
  private static let maximumContainers = 10_000

  mutating func checkConnectLabel(_ customer: String) {
    checkCustomer(customer, at: Place(annotation: AnnotationKey.connectLabel))
  }

  mutating func refuseMissingConnections(besides others: some Sequence<String>) {
    let meant = others.filter { $0.utf8.starts(with: AnnotationKey.prefix.utf8) }.sorted().first {
      Suggestion.nearest(to: $0, among: [AnnotationKey.connections]) != nil
    }
    problems.error(
      Place(annotation: AnnotationKey.connections),
      "this is missing; the label \(AnnotationKey.connectLabel) alone does not say as whom the Pod connects",
      hint: meant.map { "did you mean it by \($0)?" }
        ?? "write the user's name here, or USER/DATABASE, or remove the label")
  }

  /// Reads `postern.io/connections`.
  mutating func connections(_ text: String, customer: String) -> [DeclaredConnection] {
    let before = problems.errors.count
    let entries = connectionEntries(of: text)
    if entries.isEmpty, problems.errors.count == before {
      problems.error(
        Place(annotation: AnnotationKey.connections), "there is no connection in it; expected a user's name",
        hint: "write USER, or USER/DATABASE, or remove the label \(AnnotationKey.connectLabel)")
    }
    guard entries.count <= Self.maximumConnections else {
      problems.error(
        Place(annotation: AnnotationKey.connections),
        "these are \(entries.count) connections; a Pod may have \(Self.maximumConnections)")
      return []
    }
    var connections: [(connection: DeclaredConnection, place: Place)] = []
    for entry in entries {
      guard let connection = connection(entry, customer: customer) else { continue }
      let isShort = if case .scalar = entry.content { true } else { false }
      refuseClash(connection, isShort: isShort, at: entry.place, with: connections.map(\.connection))
      connections.append((connection, entry.place))
    }
    return connections.map(\.connection)
  }

  private mutating func connectionEntries(of text: String) -> [YAMLNode] {
    let root: YAMLNode
    do throws(YAMLProblem) {
      root = try YAMLNode(parsing: text, in: AnnotationKey.connections)
    } catch {
      problems.error(error.place, error.reason, hint: error.hint)
      return []
    }
    guard case .mapping(let members) = root.content else {
      return entries(of: text, annotation: AnnotationKey.connections).nodes
    }
    problems.error(
      root.place, "this is a mapping; expected a list",
      hint: "begin each entry with \"- user: NAME\", or write plain names: USER/DATABASE")
    return members.contains { Self.connectionKeys.contains($0.key) } ? [root] : []
  }

  private mutating func connection(_ node: YAMLNode, customer: String) -> DeclaredConnection? {
    switch node.content {
    case .null:
      problems.error(node.place, "an entry is empty; expected USER or USER/DATABASE", hint: "remove it")
      return nil
    case .scalar(let text, _): return shortConnection(text, at: node.place, customer: customer)
    case .sequence, .mapping: break
    }
    guard let members = members(node, known: Self.connectionKeys, expected: "a connection") else { return nil }
    // All parts are read even if one is wrong, so that all errors are reported together.
    let user = members["user"].flatMap { name($0, of: "a user") }
    if members["user"] == nil {
      problems.error(node.place, "the user's name is missing", hint: "write user: NAME")
    }
    let database = members["database"].flatMap { name($0, of: "a database") }
    let other = members["customer"].flatMap { self.customer($0) }
    let folder = members["name"].flatMap { folderName($0) }
    let environment = members["env"].map { self.environment($0) } ?? .standard
    let prefix = members["prefix"].map { self.prefix($0) } ?? ""
    let containers = members["containers"].map { containerNames($0) }
    let waits = members["wait"].map { bool($0) } ?? false
    let restarts = members["restart"].map { bool($0) } ?? false
    guard let user, let environment, let prefix, let waits, let restarts,
      members["database"] == nil || database != nil, members["customer"] == nil || other != nil,
      members["name"] == nil || folder != nil
    else { return nil }
    var connection = DeclaredConnection(
      user: user.value, database: database?.value, customer: other ?? customer,
      name: folder ?? other ?? customer)
    (connection.environment, connection.prefix, connection.containers) = (environment, prefix, containers)
    (connection.waits, connection.restarts, connection.path) = (waits, restarts, node.place.path.text)
    // A prefix and a name may only together be that of the folder.
    guard !connection.variables.contains(where: { $0.name == ServiceBinding.rootVariable }) else {
      problems.error(
        (members["prefix"] ?? node).place,
        "with this prefix, a variable is called \(ServiceBinding.rootVariable), which names the folder of all "
          + "connections' files", hint: "choose another prefix")
      return nil
    }
    return connection
  }

  /// `USER` or `USER/DATABASE`.
  private mutating func shortConnection(_ text: String, at place: Place, customer: String) -> DeclaredConnection? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count <= 2, !text.utf8.contains(UInt8(ascii: ":")), parts.allSatisfy({ !$0.isEmpty }) else {
      // It may be a URI with its password, so it is not shown.
      problems.error(
        place, "this is neither USER nor USER/DATABASE",
        hint: "other names are written {user: \"a/b\", database: \"c:d\"}; a password does not belong here")
      return nil
    }
    let user = name(parts[0], of: "a user", at: place)
    let database = parts.count == 2 ? name(parts[1], of: "a database", at: place) : nil
    guard let user, parts.count == 1 || database != nil else { return nil }
    var connection = DeclaredConnection(
      user: user.value, database: database?.value, customer: customer, name: customer)
    connection.path = place.path.text
    return connection
  }

  // MARK: Parts

  private mutating func customer(_ node: YAMLNode) -> String? {
    guard let text = text(node, expected: "a customer's name") else { return nil }
    let before = problems.errors.count
    checkCustomer(text, at: node.place)
    return problems.errors.count == before ? text : nil
  }

  private mutating func folderName(_ node: YAMLNode) -> String? {
    guard let text = text(node, expected: "the name of a folder") else { return nil }
    guard KubernetesName.isSubdomain(text), text.utf8.count <= Self.maximumNameBytes else {
      problems.error(
        node.place,
        "\(quoted(text)) cannot be the name of a connection; expected at most \(Self.maximumNameBytes) "
          + KubernetesName.subdomainRule)
      return nil
    }
    return text
  }

  private mutating func environment(_ node: YAMLNode) -> DeclaredConnection.Environment? {
    let words = ["standard", "service", "none"]
    switch node.content {
    case .scalar(let text, _):
      switch text {
      case "standard": return .standard
      case "service": return .service
      case "none": return DeclaredConnection.Environment.none
      default:
        problems.error(
          node.place, "\(quoted(text)) is none of \(words.joined(separator: ", ")), nor {VARIABLE: KEY}",
          hint: Suggestion.didYouMean(text, among: words))
        return nil
      }
    case .mapping(let members) where !members.isEmpty:
      var variables: [DeclaredConnection.Variable] = []
      for member in members {
        let isName = isVariable(member.key, at: member.place)
        guard let key = secretKey(member.value), isName else { continue }
        variables.append(.init(member.key, .key(key)))
      }
      return variables.count == members.count ? .chosen(variables) : nil
    case .null, .sequence, .mapping:
      problems.error(
        node.place, "this is \(node.kind); expected \(words.joined(separator: ", ")), or {VARIABLE: KEY}")
      return nil
    }
  }

  private mutating func secretKey(_ node: YAMLNode) -> String? {
    let keys = SecretKey.choosable
    guard let text = text(node, expected: "a key of the user's Secret") else { return nil }
    guard keys.contains(text) else {
      problems.error(
        node.place, "\(quoted(text)) is no key of a user's Secret", hint: Suggestion.hint(text, among: keys))
      return nil
    }
    return text
  }

  private mutating func prefix(_ node: YAMLNode) -> String? {
    guard let text = text(node, expected: "the first letters of variables' names"), isVariable(text, at: node.place)
    else { return nil }
    return text
  }

  /// Whether a text can be a variable's name, or its beginning, in every shell (POSIX, Base Definitions §8.1).
  private mutating func isVariable(_ text: String, at place: Place) -> Bool {
    let isValid = text.utf8.enumerated().allSatisfy { index, byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
      case UInt8(ascii: "0")...UInt8(ascii: "9"): index > 0
      default: false
      }
    }
    guard isValid, !text.isEmpty, text.utf8.count <= 256 else {
      problems.error(
        place, "\(quoted(text)) cannot begin the name of a variable; expected letters, digits and \"_\", no digit first"
      )
      return false
    }
    guard text != ServiceBinding.rootVariable else {
      problems.error(
        place, "\(text) names the folder of all connections' files", hint: "choose another name")
      return false
    }
    return true
  }

  private mutating func containerNames(_ node: YAMLNode) -> [DeclaredConnection.ContainerName] {
    let elements = elements(node, expected: "a list of containers' names")
    guard elements.count <= Self.maximumContainers else {
      problems.error(
        node.place, "these are \(elements.count) containers; a connection may name \(Self.maximumContainers)",
        hint: "remove the key: then all containers are meant")
      return []
    }
    if elements.isEmpty {
      problems.error(
        node.place, "there is no container in it", hint: "name one, or remove the key: then all containers are meant")
    }
    return elements.compactMap { element in
      guard let name = text(element, expected: "a container's name") else { return nil }
      guard KubernetesName.isLabel(name) else {
        problems.error(
          element.place, "\(quoted(name)) cannot be the name of a container; expected \(KubernetesName.labelRule)")
        return nil
      }
      return DeclaredConnection.ContainerName(name: name, path: element.place.path.text)
    }
  }

  // MARK: Several connections

  /// - Parameter isShort: whether it is `USER/DATABASE`, which has no place for a name or a prefix.
  private mutating func refuseClash(
    _ connection: DeclaredConnection, isShort: Bool, at place: Place, with others: [DeclaredConnection]
  ) {
    func long() -> String? { isShort ? "write it in a list: - \(Self.long(connection, beside: others))" : nil }
    if others.contains(where: { $0.name == connection.name }) {
      problems.error(
        place, "two connections are called \(quoted(connection.name)), and each has a folder of its name",
        hint: long() ?? "write name: for one of them")
      // With a name it gets a prefix, too.
      if isShort { return }
    }
    let names = connection.variables.map(\.name)
    for other in others where connection.sharesContainers(with: other) {
      let theirs = Set(other.variables.map(\.name))
      let both = names.filter(theirs.contains)
      guard !both.isEmpty else { continue }
      let what = both.count == 1 ? "is a variable" : "are variables"
      problems.error(
        place, "\(both.joined(separator: ", ")) \(what) of connection \(quoted(other.name)), too",
        hint: long() ?? "write prefix: \(Self.suggestedPrefix(connection.name)), or env: none")
      if isShort { return }
    }
  }

  /// A short connection as an entry with a name and a prefix of its own.
  private static func long(_ connection: DeclaredConnection, beside others: [DeclaredConnection]) -> String {
    func scalar(_ text: String) -> String {
      let isPlain = KubernetesName.isSubdomain(text) && text.utf8.first.map { $0 >= 0x61 } == true
      return isPlain ? text : quoted(text)
    }
    let (user, base) = (connection.user.text, connection.database?.text)
    let name =
      [user, base, base.map { "\(user)-\($0)" }].compactMap(\.self)
      .first { name in KubernetesName.isSubdomain(name) && !others.contains { $0.name == name || $0.user.text == name }
      }
      ?? "NAME"
    let database = connection.database.map { ", database: \(scalar($0.text))" } ?? ""
    return "{user: \(scalar(connection.user.text))\(database), name: \(name), prefix: \(suggestedPrefix(name))}"
  }

  /// A prefix made of a connection's name.
  private static func suggestedPrefix(_ name: String) -> String {
    let letters = name.uppercased().utf8.map { byte in
      byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") ? UInt8(ascii: "_") : byte
    }
    let text = String(decoding: letters, as: UTF8.self) + "_"
    return text.utf8.first.map { $0 < 0x3A } == true ? "_" + text : text
  }
}
