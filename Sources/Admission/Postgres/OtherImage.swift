import Declarations

/// Images that are known not to be a Postgres that Postern can manage.
package enum OtherImage {
  /// A Postgres that an operator manages.
  case operatorsOwn(String)
  /// A program that is used beside a Postgres, or in front of it.
  case noPostgres

  /// Nil for any other image.
  package init?(_ image: ImageReference) {
    if image.owners.contains(.cloudNativePG) {
      self = .operatorsOwn("CloudNativePG")
    } else if image.name.hasPrefix("spilo") {
      self = .operatorsOwn("Zalando's postgres-operator")
    } else if image.name.hasPrefix("crunchy-postgres") {
      self = .operatorsOwn("Crunchy's postgres-operator")
    } else if image.owners.contains(.stackGres) {
      self = .operatorsOwn("StackGres")
    } else if image.owners.contains(.cybertec) {
      self = .operatorsOwn("CYBERTEC's pg-operator")
    } else if !ImageFamily.official.contains(image.name), Self.words.contains(where: { image.name.contains(ascii: $0) })
    {
      self = .noPostgres
    } else {
      return nil
    }
  }

  private static let words = [
    "pgbouncer", "pgpool", "pgcat", "odyssey", "exporter", "pgadmin", "postgrest", "pgweb", "adminer", "backup",
    "restic", "rclone", "borg", "kopia", "pgbackrest", "wal-g", "operator", "proxy", "envoy", "nginx", "httpd", "redis",
    "mysql", "mariadb", "mongo", "crate", "busybox", "kubectl", "supavisor", "pgdog", "socat", "stunnel",
  ]

  /// Words of programs that nobody puts into one image with a server.
  private static let wordsOfOthersAlone = ["exporter", "operator", "proxy"]

  /// Whether the image's name tells a Postgres with something else in it, such as `postgres-with-backup`.
  static func mayHoldServer(_ image: ImageReference) -> Bool {
    guard image.name.hasPrefix("postgres"), case .noPostgres? = Self(image) else { return false }
    return !wordsOfOthersAlone.contains { image.name.contains(ascii: $0) }
  }

  /// Whether there is a Postgres in it, which may run without the operator as well.
  var isOperators: Bool {
    switch self {
    case .operatorsOwn: true
    case .noPostgres: false
    }
  }

  /// A clause that describes the image.
  var reason: String {
    switch self {
    case .operatorsOwn(let name): "is made for \(name): declare databases and users to that operator"
    case .noPostgres: "is no Postgres"
    }
  }
}
