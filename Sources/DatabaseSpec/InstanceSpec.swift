/// What one customer's Postgres is to hold: the declaration, checked and complete, without a single password.
/// Its canonical form is `spec.json` (``encoded()``), which the sidecar reads.
package struct InstanceSpec: Equatable, Sendable {
  /// The customer: a DNS label of at most 40 characters.
  package var customer: String
  /// Users, in the order of the declaration; no two of one name.
  package var users: [User]
  /// Databases, in the order of the declaration; no two of one name.
  package var databases: [Database]
  /// What becomes of a user that is no longer declared.
  package var removedUsers: RemovedUsers
  /// What becomes of a user's open sessions when the password changes.
  package var passwordChange: PasswordChange

  /// A spec of these parts.
  package init(
    customer: String, users: [User] = [], databases: [Database] = [], removedUsers: RemovedUsers = .lock,
    passwordChange: PasswordChange = .keepSessions
  ) {
    self.customer = customer
    self.users = users
    self.databases = databases
    self.removedUsers = removedUsers
    self.passwordChange = passwordChange
  }
}

/// `postern.io/removed-users`: what becomes of a user that Postern made and that is no longer declared.
package enum RemovedUsers: String, CaseIterable, Sendable {
  /// NOLOGIN, sessions ended.
  case lock
  /// Its objects go to the databases' owners, then it is dropped.
  case drop
  /// Left as it is.
  case keep
}

/// `postern.io/password-change`: what becomes of a user's open sessions when the password changes.
package enum PasswordChange: String, CaseIterable, Sendable {
  case keepSessions = "keep-sessions"
  case endSessions = "end-sessions"
}
