import Contract
import DatabaseSpec
package import Declarations

/// What is known of a customer when somebody connects to it.
package enum KnownCustomer: Sendable {
  /// Nothing declares for it.
  case absent
  /// Something declares for it, and cannot be read; or what is in its namespace is not known.
  case unreadable
  case declared(Declaration)
}

/// Warnings about connections that may never work. The customer may come later, so nothing is refused.
struct ConnectionDoubts {
  private(set) var warnings: [String] = []

  init(_ connections: [DeclaredConnection], _ namespace: String, _ settings: AdmissionSettings) {
    if settings.restarts == false, connections.contains(where: \.restarts) {
      warnings.append(
        "restart: this Postern may restart no Pods; an admin adds overlays/restart (chart: restarts.enabled)"
      )
    }
    guard let known = settings.customers else { return }
    for connection in connections {
      switch known(namespace, connection.customer) {
      case .unreadable: break
      case .absent:
        warnings.append(
          "no customer \(quoted(connection.customer)) here yet: Pods wait for Secret \(BoundVariable.secret(of: connection))"
        )
      case .declared(let declaration):
        warnings += connection.problems(with: declaration)
      }
    }
  }
}

extension DeclaredConnection {
  /// Why it cannot work with a declaration, as far as that is known: users may be in a flat file.
  /// - Parameter outline: given where only a part of the declaration could be read. What may follow from its errors is
  ///   not told.
  package func problems(with declaration: Declaration, outline: DeclarationOutline? = nil) -> [String] {
    let spec = declaration.spec
    let hasFlatFile = declaration.usersFrom != nil
    let present = spec.users.filter { $0.ensure == .present }
    let databases = spec.databases.map(\.name.text)
    func isKnown(_ database: PostgresName) -> Bool {
      spec.databases.contains { $0.name == database } || outline?.names(database: database) == true
    }
    guard let declared = present.first(where: { $0.name == user }) else {
      guard !hasFlatFile, outline?.isWrong(user: user) != true || outline?.names(user: user) == false else { return [] }
      let whose = "customer \(quoted(customer)) has no"
      var problems = ["\(whose) user \(quoted(user.text))" + hint(user.text, among: present.map(\.name.text))]
      if let database, !isKnown(database) {
        problems.append("\(whose) database \(quoted(database.text))" + hint(database.text, among: databases))
      }
      return problems
    }
    let usable = spec.databases.filter { $0.owner == user }.map(\.name) + declared.grants.map(\.database)
    if let database = database ?? usable.first, environment == .service, !canBeService(database) {
      return [
        "env: service cannot connect user \(quoted(user.text)) to database \(quoted(database.text)): a connection service file "
          + "cannot hold these names; take env: standard, or the files"
      ]
    }
    guard let database else {
      let mayHaveOne = hasFlatFile || outline.map { $0.isWrong(user: user) || !$0.hasAllDatabases } == true
      return usable.isEmpty && !mayHaveOne
        ? ["user \(quoted(user.text)) may use no database of customer \(quoted(customer)): give it a grant"] : []
    }
    guard !usable.contains(database) else { return [] }
    if isKnown(database) {
      let isUnsure = outline.map { $0.isWrong(user: user) || $0.isWrong(database: database) } == true
      return isUnsure
        ? []
        : ["user \(quoted(user.text)) has no grant on database \(quoted(database.text)): Pods wait until it has one"]
    }
    guard !hasFlatFile else { return [] }
    return [
      "user \(quoted(user.text)) has no grant on database \(quoted(database.text))"
        + hint(database.text, among: databases, otherwise: ": Pods wait until it has one")
    ]
  }

  private func canBeService(_ database: PostgresName) -> Bool {
    ServiceFile.canName(database.text) && ServiceFile.canHold("dbname", database.text)
      && ServiceFile.canHold("user", user.text)
  }

  private func hint(_ name: String, among names: [String], otherwise: String? = nil) -> String {
    Suggestion.nearest(to: name, among: names).map { "; did you mean \(quoted($0))?" } ?? otherwise
      ?? ": Pods wait for Secret \(BoundVariable.secret(of: self))"
  }
}
