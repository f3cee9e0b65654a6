/// The annotations that a user may write, and the label that makes a workload a customer's.
public enum AnnotationKey {
  /// What every annotation of Postern's begins with.
  public static let prefix = "postern.io/"
  /// The databases: a YAML list, or a plain list of names.
  public static let databases = "postern.io/databases"
  /// The users: a YAML list, or a plain list of names.
  public static let users = "postern.io/users"
  /// `SECRET/KEY` of a flat file, one `user:password` a line.
  public static let usersFrom = "postern.io/users-from"
  /// What becomes of a user that is no longer declared: `lock`, `drop` or `keep`.
  public static let removedUsers = "postern.io/removed-users"
  /// What becomes of a user's sessions when the password changes: `keep-sessions` or `end-sessions`.
  public static let passwordChange = "postern.io/password-change"
  /// The Secret that holds the superuser's `username` and `password`.
  public static let adminSecret = "postern.io/admin-secret"
  /// Which container is Postgres.
  public static let container = "postern.io/container"
  /// Postgres's port.
  public static let port = "postern.io/port"
  /// The host that goes into connection Secrets.
  public static let host = "postern.io/host"
  /// `"false"`: the Pod is left alone.
  public static let inject = "postern.io/inject"
  /// `"false"`: the Pod is Ready without waiting for provisioning.
  public static let gateReadiness = "postern.io/gate-readiness"
  /// `"false"`: the workload owns all that is made for it, which goes when it goes.
  public static let retain = "postern.io/retain"
  /// Written by the webhook on a Pod that has the sidecar; no user's to write.
  public static let injected = "postern.io/injected"
  /// Written by the controller on running Pods, so that the kubelet brings what has changed at once.
  public static let updated = "postern.io/updated"

  /// The label, not an annotation: whose Postgres this is.
  public static let customerLabel = "postern.io/customer"

  /// Those that say what the instance holds. They stand on the workload or on its Pod template, never on both.
  public static let declaring = [databases, users, usersFrom, removedUsers, passwordChange]

  /// All that a user may write.
  public static let all =
    declaring + [adminSecret, container, port, host, inject, gateReadiness, retain]

  /// Those that Postern writes itself, which a declaration may carry along and which are not looked at.
  public static let outputs = [injected, updated]
}
