import Declarations

/// The properties of each family, from the images' entry points and documentation, as docs/images.md lists them.
extension ImageFamily {
  /// The family by the image's name; nil where the name does not show it.
  package init?(_ image: ImageReference) {
    if image.isFrom("bitnami"), image.name.hasPrefix("postgresql") {
      self = .bitnami
    } else if image.isFrom("kartoza") {
      self = .kartoza
    } else if image.isFrom("supabase"), image.name == "postgres" {
      self = .supabase
    } else if image.versionInName != nil, Self.redHat.contains(where: image.isFrom) {
      self = .sclorg
    } else if Self.official.contains(image.name) {
      self = .official
    } else {
      return nil
    }
  }

  /// What the owners of images begin with that sclorg/postgresql-container builds: `rhel9`, `centos7`.
  private static let redHat = ["sclorg", "rhel", "rhscl", "centos", "fedora", "ubi", "openshift"]

  /// For an image of an unknown name, the family whose variables are set.
  package init(definingVariables names: some Sequence<String>) {
    var family: Self = .official
    for name in names {
      switch name {
      case "POSTGRESQL_ADMIN_PASSWORD", "POSTGRESQL_USER":
        self = .sclorg
        return
      case "POSTGRES_POSTGRES_PASSWORD": family = .bitnami
      default: if name.hasPrefix("POSTGRESQL_") { family = .bitnami }
      }
    }
    self = family
  }

  /// The last path components of images that use the official image's variables.
  static let official: Set = [
    "postgres", "postgis", "timescaledb", "timescaledb-ha", "pgvector", "paradedb", "age", "pgrouting", "citus",
    "pgvecto-rs", "vchord-postgres", "percona-distribution-postgresql",
  ]

  /// The superuser's name where nothing else is set.
  package var defaultSuperuser: String {
    switch self {
    case .official, .bitnami, .sclorg: "postgres"
    case .supabase: "supabase_admin"
    case .kartoza: "docker"
    }
  }

  /// The variable that names the superuser; nil where the name is always the default.
  package var superuserVariable: String? {
    switch self {
    case .official, .supabase, .kartoza: "POSTGRES_USER"
    case .bitnami, .sclorg: nil
    }
  }

  /// The variables that hold the superuser's password, in order of precedence.
  var passwordVariables: [String] {
    switch self {
    case .official, .supabase: ["POSTGRES_PASSWORD"]
    case .bitnami: ["POSTGRESQL_POSTGRES_PASSWORD", "POSTGRES_POSTGRES_PASSWORD"]
    case .sclorg: ["POSTGRESQL_ADMIN_PASSWORD"]
    case .kartoza: ["POSTGRES_PASS"]
    }
  }

  /// The variables that name a user who is not a superuser.
  package var applicationUserVariables: [String] {
    switch self {
    case .official, .supabase, .kartoza: []
    case .bitnami: ["POSTGRESQL_USERNAME", "POSTGRESQL_USER", "POSTGRES_USERNAME", "POSTGRES_USER"]
    case .sclorg: ["POSTGRESQL_USER"]
    }
  }

  /// The variables that hold that user's password. In Bitnami's images without such a user, it is the superuser's
  /// password.
  package var applicationPasswordVariables: [String] {
    switch self {
    case .official, .supabase, .kartoza: []
    case .bitnami: ["POSTGRESQL_PASSWORD", "POSTGRES_PASSWORD"]
    case .sclorg: ["POSTGRESQL_PASSWORD"]
    }
  }

  /// Whether a variable with `_FILE` behind its name is the path of a file that holds the value.
  package var readsFiles: Bool { self != .sclorg }

  /// The variables that hold the port, besides `PGPORT`.
  var portVariables: [String] {
    self == .bitnami ? ["POSTGRESQL_PORT_NUMBER", "POSTGRES_PORT_NUMBER"] : []
  }

  /// Whether loopback connections need no password; nil where that is not known.
  var trustsLoopback: Bool? {
    switch self {
    case .official, .supabase, .sclorg: true
    case .bitnami: false
    case .kartoza: nil
    }
  }
}
