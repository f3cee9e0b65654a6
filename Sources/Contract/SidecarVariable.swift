/// The environment variables of the sidecar. The webhook sets some of them; all can be set by hand.
package enum SidecarVariable {
  /// The customer's name: by it the webhook knows its own sidecar again.
  package static let customer = "POSTERN_CUSTOMER"
  /// Where Postgres is.
  package static let host = "POSTERN_HOST"
  /// Postgres's TCP port.
  package static let port = "POSTERN_PORT"
  /// Where the volume is mounted.
  package static let volume = "POSTERN_VOLUME"
  /// Where the status goes.
  package static let statusFile = "POSTERN_STATUS_FILE"
  /// How log lines look.
  package static let logFormat = "POSTERN_LOG_FORMAT"
  /// Which log lines are written.
  package static let logLevel = "POSTERN_LOG_LEVEL"

  /// The superuser's name.
  package static let adminUser = "POSTERN_ADMIN_USER"
  /// The path of a file that holds the superuser's name.
  package static let adminUserFile = "POSTERN_ADMIN_USER_FILE"
  /// The superuser's password: never set by the webhook.
  package static let adminPassword = "POSTERN_ADMIN_PASSWORD"
  /// The path of a file that holds the superuser's password.
  package static let adminPasswordFile = "POSTERN_ADMIN_PASSWORD_FILE"
}
