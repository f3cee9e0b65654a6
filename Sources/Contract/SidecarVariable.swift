/// The environment variables of the sidecar. The webhook sets some of them; all can be set manually.
package enum SidecarVariable {
  /// The customer's name. By it the webhook recognises its own sidecar.
  package static let customer = "POSTERN_CUSTOMER"
  /// Postgres's host.
  package static let host = "POSTERN_HOST"
  /// Postgres's TCP port.
  package static let port = "POSTERN_PORT"
  /// The path at which the volume is mounted.
  package static let volume = "POSTERN_VOLUME"
  /// The path of the status file.
  package static let statusFile = "POSTERN_STATUS_FILE"
  /// The port of the status: ``StatusPort``.
  package static let statusPort = "POSTERN_STATUS_PORT"
  /// The format of log lines.
  package static let logFormat = "POSTERN_LOG_FORMAT"
  /// The least level of the log lines that are written.
  package static let logLevel = "POSTERN_LOG_LEVEL"

  /// The superuser's name.
  package static let adminUser = "POSTERN_ADMIN_USER"
  /// The path of a file that holds the superuser's name.
  package static let adminUserFile = "POSTERN_ADMIN_USER_FILE"
  /// The superuser's password. The webhook never sets it.
  package static let adminPassword = "POSTERN_ADMIN_PASSWORD"
  /// The path of a file that holds the superuser's password.
  package static let adminPasswordFile = "POSTERN_ADMIN_PASSWORD_FILE"
}
