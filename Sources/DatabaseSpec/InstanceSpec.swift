/// What one customer's Postgres must contain: the declaration, checked and complete, without any password. Its
/// canonical form is `spec.json` (``encoded()``), which the sidecar reads.
package struct InstanceSpec: Equatable, Sendable {
  /// The customer: a DNS label of at most 40 characters.
  package var customer: String
  /// Users in the order of the declaration, without duplicates.
  package var users: [User]
  /// Databases in the order of the declaration, without duplicates.
  package var databases: [Database]
  /// What happens to a user that is no longer declared.
  package var removedUsers: RemovedUsers
  /// What happens to a user's open sessions when the password changes.
  package var passwordChange: PasswordChange

  /// A spec with these values.
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

/// `postern.io/removed-users`: what happens to a user that Postern created and that is no longer declared.
package enum RemovedUsers: String, CaseIterable, Sendable {
  /// The user gets NOLOGIN, and its sessions end.
  case lock
  /// The databases' owners get its objects, then it is dropped.
  case drop
  /// The user stays unchanged.
  case keep
}

/// `postern.io/password-change`: what happens to a user's open sessions when the password changes.
package enum PasswordChange: String, CaseIterable, Sendable {
  case keepSessions = "keep-sessions"
  case endSessions = "end-sessions"
}
