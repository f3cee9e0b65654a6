import Contract
import DatabaseSpec

extension Declaration {
  /// Reads the annotations of a workload, a Pod template or a Pod. Keys without the prefix `postern.io/`, and those
  /// that Postern writes itself, are ignored.
  /// - Parameters:
  ///   - customer: the value of the label `postern.io/customer`.
  ///   - annotations: `metadata.annotations`.
  package static func parse(customer: String, annotations: [String: String]) -> DeclarationResult {
    var reader = DeclarationReader()
    reader.checkCustomer(customer)
    // Most Pods are made from a template and declare nothing.
    guard !annotations.isEmpty else {
      return DeclarationResult(Declaration(spec: InstanceSpec(customer: customer)), problems: reader.problems)
    }
    reader.checkKeys(annotations)
    var declaration = Declaration(spec: InstanceSpec(customer: customer))
    // Most declare users and databases and set nothing, so that two dozen keys need not be looked for.
    if annotations.keys.contains(where: { $0 != AnnotationKey.users && $0 != AnnotationKey.databases }) {
      reader.readSettings(annotations, into: &declaration)
    }
    func text(_ key: String) -> (text: String, annotation: String)? {
      let key = reader.misspelt[key] ?? key
      return annotations[key].map { ($0, key) }
    }
    reader.hasFlatFile = text(AnnotationKey.usersFrom) != nil
    let users = text(AnnotationKey.users).map { reader.users($0.text, annotation: $0.annotation) } ?? DeclaredList()
    let databases =
      text(AnnotationKey.databases).map { reader.databases($0.text, annotation: $0.annotation) } ?? DeclaredList()
    reader.resolve(users: users, databases: databases, into: &declaration)
    guard !reader.problems.errors.isEmpty else {
      return DeclarationResult(
        declaration, problems: reader.problems, scripts: reader.inlineScripts, expiries: reader.expiries)
    }
    let outline = DeclarationOutline(declaration, users, databases, reader)
    return DeclarationResult(
      declaration, problems: reader.problems, scripts: reader.inlineScripts, expiries: reader.expiries, outline: outline
    )
  }
}

/// What replicates the servers: the values of `postern.io/replication`.
private enum Replication: String, CaseIterable {
  case external
}

/// Who makes the Service: the values of `postern.io/service`.
private enum ServiceMaker: String, CaseIterable {
  case make
}

extension DeclarationReader {
  /// The most bytes in a customer's name, because names of objects contain it.
  static let maximumCustomerBytes = 40

  mutating func checkCustomer(_ customer: String) {
    if customer.contains(ascii: ObjectName.prefix(customer: "")) {
      problems.restrict(
        Place(annotation: AnnotationKey.customerLabel),
        "\(quoted(customer)) cannot be a customer's name: with \(quoted(ObjectName.prefix(customer: ""))) in it, objects of "
          + "two customers could have one name", hint: "choose another name")
    }
    checkCustomer(customer, at: Place(annotation: AnnotationKey.customerLabel))
  }

  /// Refuses what no customer can be called.
  mutating func checkCustomer(_ customer: String, at place: Place) {
    guard !KubernetesName.isLabel(customer, maximumBytes: Self.maximumCustomerBytes) else { return }
    problems.error(
      place,
      "\(quoted(customer)) cannot be a customer's name; expected at most \(Self.maximumCustomerBytes) "
        + KubernetesName.labelRule)
  }

  /// Refuses unknown annotations. A misspelt one is read as the one that was meant.
  mutating func checkKeys(_ annotations: [String: String]) {
    for key in annotations.keys.sorted() where key.utf8.starts(with: AnnotationKey.prefix.utf8) {
      guard !AnnotationKey.all.contains(key), !AnnotationKey.outputs.contains(key) else { continue }
      guard key != AnnotationKey.customerLabel else {
        problems.error(
          Place(annotation: key), "the customer is a label, not an annotation", hint: "move it to metadata.labels")
        continue
      }
      let meant = problems.hintsAtErrors ? Suggestion.nearest(to: key, among: AnnotationKey.all) : nil
      problems.error(
        Place(annotation: key), "unknown annotation", hint: Suggestion.hint(nearest: meant, among: AnnotationKey.all))
      if let meant, annotations[meant] == nil, misspelt[meant] == nil { misspelt[meant] = key }
    }
  }

  /// Reads the annotations that hold one word.
  mutating func readSettings(_ annotations: [String: String], into declaration: inout Declaration) {
    if let value = word(annotations, AnnotationKey.usersFrom, expected: "SECRET/KEY") {
      declaration.usersFrom = flatFile(value.value, at: value.place)
    }
    if let value = word(annotations, AnnotationKey.removedUsers, expected: "lock, drop or keep"),
      let choice: RemovedUsers = choice(value.value, at: value.place)
    {
      declaration.spec.removedUsers = choice
    }
    if let value = word(annotations, AnnotationKey.passwordChange, expected: "keep-sessions or end-sessions"),
      let choice: PasswordChange = choice(value.value, at: value.place)
    {
      declaration.spec.passwordChange = choice
    }
    declaration.adminSecret = name(
      annotations, AnnotationKey.adminSecret, of: "a Secret", rule: KubernetesName.subdomainRule, mayBePassword: true,
      isValid: KubernetesName.isSubdomain)
    // These and `inject` are read where the Postgres is looked for, of any Pod: here their form is checked.
    _ = name(
      annotations, AnnotationKey.container, of: "a container", rule: KubernetesName.labelRule,
      isValid: { KubernetesName.isLabel($0) })
    if let value = word(annotations, AnnotationKey.flavor, expected: "a family of images") {
      let _: ImageFamily? = choice(value.value, at: value.place)
    }
    declaration.host = host(annotations)
    if let value = word(annotations, AnnotationKey.service, expected: ServiceMaker.make.rawValue) {
      let choice: ServiceMaker? = choice(value.value, at: value.place)
      declaration.makesService = choice == .make
    }
    declaration.port = port(annotations)
    declaration.statusPort = statusPort(annotations)
    if let value = word(annotations, AnnotationKey.sslMode, expected: "one of libpq's, such as require") {
      declaration.tls.mode = choice(value.value, at: value.place)
    }
    if let value = word(annotations, AnnotationKey.sslRootCert, expected: "a path, or system") {
      declaration.tls.rootCert = rootCert(value.value, at: value.place, mode: declaration.tls.mode)
    }
    if let value = word(annotations, AnnotationKey.replication, expected: Replication.external.rawValue) {
      let choice: Replication? = choice(value.value, at: value.place)
      declaration.isReplicated = choice == .external
    }
    _ = flag(annotations, AnnotationKey.inject)
    declaration.gateReadiness = flag(annotations, AnnotationKey.gateReadiness)
    declaration.retain = flag(annotations, AnnotationKey.retain)
    declaration.sidecarCPU = quantity(
      annotations, AnnotationKey.sidecarCPU, expected: "an amount of CPU such as 50m", \.problemAsCPU)
    declaration.sidecarMemory = quantity(
      annotations, AnnotationKey.sidecarMemory, expected: "an amount of memory such as 32Mi", \.problemAsMemory)
  }

  /// An annotation's value without the white space around it; nil where it is missing, or where it is empty, which is
  /// an error.
  private mutating func word(_ annotations: [String: String], _ key: String, expected: String) -> Located<String>? {
    let key = misspelt[key] ?? key
    guard let value = annotations[key] else { return nil }
    let place = Place(annotation: key)
    guard let text = value.trimmed else {
      problems.error(place, "this is empty; expected \(expected)", hint: "write the value, or remove the annotation")
      return nil
    }
    return Located(value: text, place: place)
  }

  /// No message shows the text, because some write the file itself there.
  private mutating func flatFile(_ text: String, at place: Place) -> ObjectKey? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2 else {
      problems.error(
        place, "this does not name a key of a Secret; expected SECRET/KEY",
        hint: "write the Secret's name, a slash, and the key of the file")
      return nil
    }
    var isValid = true
    if !KubernetesName.isSubdomain(parts[0]) {
      problems.error(
        place, "this cannot name a Secret before the slash; expected \(KubernetesName.subdomainRule)")
      isValid = false
    }
    if !KubernetesName.isKey(parts[1]) {
      problems.error(place, "this cannot name a key of a Secret behind the slash; expected \(KubernetesName.keyRule)")
      isValid = false
    }
    return isValid ? ObjectKey(name: parts[0], key: parts[1]) : nil
  }

  /// - Parameter mayBePassword: whether some write the password itself there, so that no message shows the value.
  private mutating func name(
    _ annotations: [String: String], _ key: String, of what: String, rule: String, mayBePassword: Bool = false,
    isValid: (String) -> Bool
  ) -> String? {
    guard let word = word(annotations, key, expected: "the name of \(what)") else { return nil }
    guard isValid(word.value) else {
      let shown = mayBePassword ? "this" : quoted(word.value)
      problems.error(word.place, "\(shown) cannot be the name of \(what); expected \(rule)")
      return nil
    }
    return word.value
  }

  private mutating func host(_ annotations: [String: String]) -> String? {
    let expected = "a host name or an IP address"
    guard let word = word(annotations, AnnotationKey.host, expected: expected) else { return nil }
    guard KubernetesName.isHost(word.value) else {
      // A URL may hold a password.
      let isURL = word.value.utf8.contains(UInt8(ascii: "@")) || word.value.contains(ascii: "://")
      problems.error(
        word.place, "\(isURL ? "this" : quoted(word.value)) is no host; expected \(expected)",
        hint: isURL
          ? "write the host alone"
          : word.value.utf8.contains(UInt8(ascii: ":")) ? "the port goes into \(AnnotationKey.port)" : nil)
      return nil
    }
    return word.value
  }

  private mutating func port(_ annotations: [String: String]) -> Int? {
    let expected = "a whole number from 1 to 65535"
    guard let word = word(annotations, AnnotationKey.port, expected: expected) else { return nil }
    guard let port = UInt16(word.value), port > 0 else {
      problems.error(word.place, "\(quoted(word.value)) is no port; expected \(expected)")
      return nil
    }
    return Int(port)
  }

  private mutating func statusPort(_ annotations: [String: String]) -> StatusPortChoice? {
    let expected = "a whole number from 1024 to 65535, or \(StatusPort.none)"
    guard let word = word(annotations, AnnotationKey.statusPort, expected: expected) else { return nil }
    guard let choice = StatusPortChoice(word.value) else {
      problems.error(word.place, "\(quoted(word.value)) is no port for the sidecar; expected \(expected)")
      return nil
    }
    return choice
  }

  private mutating func quantity(
    _ annotations: [String: String], _ key: String, expected: String, _ problem: (ResourceQuantity) -> String?
  ) -> ResourceQuantity? {
    guard let word = word(annotations, key, expected: expected) else { return nil }
    guard let quantity = ResourceQuantity(word.value) else {
      problems.error(word.place, "\(quoted(word.value)) is no amount; expected \(expected)")
      return nil
    }
    if let problem = problem(quantity) {
      problems.error(word.place, "\(quoted(word.value)) \(problem)")
      return nil
    }
    return quantity
  }

  /// Exactly `"true"` or `"false"`, because other readers of the annotation compare it exactly. True where it is
  /// missing.
  private mutating func flag(_ annotations: [String: String], _ key: String) -> Bool {
    let key = misspelt[key] ?? key
    guard let value = annotations[key] else { return true }
    return bool(value, at: Place(annotation: key)) ?? true
  }
}
