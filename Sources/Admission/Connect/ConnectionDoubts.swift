import Contract
import DatabaseSpec
package import Declarations

/// What is known of a customer when somebody connects to it.
package enum KnownCustomer: Sendable {
  /// Nothing declares for it.
  case absent
  /// Something declares for it, and cannot be read.
  case unreadable
  case declared(Declaration)
}

/// Warnings about connections that may never work. The customer may come later, so nothing is refused.
struct ConnectionDoubts {
  private(set) var warnings: [String] = []

  init(_ connections: [DeclaredConnection], _ namespace: String, _ settings: AdmissionSettings) {
    guard let known = settings.customers else { return }
    for connection in connections {
      switch known(namespace, connection.customer) {
      case .unreadable: break
      case .absent:
        warnings.append(
          "no customer \(quoted(connection.customer)) here yet: Pods wait for Secret \(BoundVariable.secret(of: connection))"
        )
      case .declared(let declaration):
        if let problem = connection.problem(with: declaration) { warnings.append(problem.message) }
      }
    }
  }
}

/// Why a connection cannot work with a declaration.
package struct ConnectionProblem {
  /// The message and what to do.
  package let message: String
  /// What of the connection is wrong: `user` or `database`.
  package let key: String
}

extension DeclaredConnection {
  /// Why it cannot work with a declaration; nil where it can, or where that is not known, because users are in a flat
  /// file.
  package func problem(with declaration: Declaration) -> ConnectionProblem? {
    let spec = declaration.spec
    let present = spec.users.filter { $0.ensure == .present }
    guard let declared = present.first(where: { $0.name == user }) else {
      guard declaration.usersFrom == nil else { return nil }
      let nearest = Suggestion.nearest(to: user.text, among: present.map(\.name.text))
      return ConnectionProblem(
        message: "customer \(quoted(customer)) has no user \(quoted(user.text))"
          + (nearest.map { "; did you mean \(quoted($0))?" }
            ?? ": Pods wait for Secret \(BoundVariable.secret(of: self))"),
        key: "user")
    }
    let owned = spec.databases.filter { $0.owner == user }.map(\.name)
    let usable = owned + declared.grants.map(\.database)
    guard let database else {
      return usable.isEmpty
        ? ConnectionProblem(
          message: "user \(quoted(user.text)) may use no database of customer \(quoted(customer)): give it a grant",
          key: "user") : nil
    }
    guard !usable.contains(database) else { return nil }
    let databases = spec.databases.map(\.name.text)
    let nearest =
      spec.databases.contains { $0.name == database } ? nil : Suggestion.nearest(to: database.text, among: databases)
    return ConnectionProblem(
      message: "user \(quoted(user.text)) has no grant on database \(quoted(database.text))"
        + (nearest.map { "; did you mean \(quoted($0))?" } ?? ": Pods wait until it has one"), key: "database")
  }
}
