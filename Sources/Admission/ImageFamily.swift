import Declarations

/// What is known of each family: read from the images' entry points and documents, as docs/images.md lists them.
extension ImageFamily {
  /// The family by the image's name; nil where it does not tell.
  init?(_ image: ImageReference) {
    if image.isFrom("bitnami"), image.name.hasPrefix("postgresql") {
      self = .bitnami
    } else if image.isFrom("kartoza") {
      self = .kartoza
    } else if image.isFrom("supabase"), image.name == "postgres" {
      self = .supabase
    } else if image.name.hasPrefix("postgresql-"), image.postgresVersion != nil {
      self = .sclorg
    } else if Self.official.contains(image.name) {
      self = .official
    } else {
      return nil
    }
  }

  /// Last parts of the paths of images that keep to the official one's variables.
  private static let official: Set = [
    "postgres", "postgis", "timescaledb", "timescaledb-ha", "pgvector", "paradedb", "age", "pgrouting", "citus",
    "pgvecto-rs", "vchord-postgres", "percona-distribution-postgresql",
  ]

  /// What its superuser is called where nothing says otherwise.
  var defaultSuperuser: String {
    switch self {
    case .official, .bitnami, .sclorg: "postgres"
    case .supabase: "supabase_admin"
    case .kartoza: "docker"
    }
  }

  /// The variable that names the superuser; nil where it always is the default one.
  var superuserVariable: String? {
    switch self {
    case .official, .supabase, .kartoza: "POSTGRES_USER"
    case .bitnami, .sclorg: nil
    }
  }

  /// The variables that hold the superuser's password, the one that goes first before the others.
  var passwordVariables: [String] {
    switch self {
    case .official, .supabase: ["POSTGRES_PASSWORD"]
    case .bitnami: ["POSTGRESQL_POSTGRES_PASSWORD", "POSTGRES_POSTGRES_PASSWORD"]
    case .sclorg: ["POSTGRESQL_ADMIN_PASSWORD"]
    case .kartoza: ["POSTGRES_PASS"]
    }
  }

  /// The variables that name a user who is none.
  var applicationUserVariables: [String] {
    switch self {
    case .official, .supabase, .kartoza: []
    case .bitnami: ["POSTGRESQL_USERNAME", "POSTGRESQL_USER", "POSTGRES_USERNAME", "POSTGRES_USER"]
    case .sclorg: ["POSTGRESQL_USER"]
    }
  }

  /// The variables that hold that user's password; the superuser's, where Bitnami's names no user.
  var applicationPasswordVariables: [String] {
    switch self {
    case .official, .supabase, .kartoza: []
    case .bitnami: ["POSTGRESQL_PASSWORD", "POSTGRES_PASSWORD"]
    case .sclorg: ["POSTGRESQL_PASSWORD"]
    }
  }

  /// Whether a variable with `_FILE` behind its name is the path of a file that holds the value.
  var readsFiles: Bool { self != .sclorg }

  /// The variables that hold the port, beside `PGPORT`.
  var portVariables: [String] {
    self == .bitnami ? ["POSTGRESQL_PORT_NUMBER", "POSTGRES_PORT_NUMBER"] : []
  }

  /// Whether it lets everybody in over loopback, without a password; nil where that cannot be told.
  var trustsLoopback: Bool? {
    switch self {
    case .official, .supabase, .sclorg: true
    case .bitnami: false
    case .kartoza: nil
    }
  }
}
