import Declarations

/// The properties of each family, from the images' entry points and documentation, as docs/images.md lists them.
extension ImageFamily {
  /// The family by the last component of an image's name and who publishes it; nil where they do not show it.
  init?(ofImage name: String, by owners: ImageOwners) {
    if name.hasPrefix("postgresql"), owners.contains(.bitnami) {
      self = .bitnami
    } else if name == "postgis", owners.contains(.kartoza) {
      self = .kartoza
    } else if name == "postgresql" ? owners.contains(.sameersbn) : name == "sameersbn-postgresql" {
      self = .sameersbn
    } else if name == "postgres", owners.contains(.supabase) {
      self = .supabase
    } else if owners.contains(.redHat), ImageReference.version(inName: name) != nil {
      self = .sclorg
    } else if Self.official.contains(name) {
      self = .official
    } else if name.hasPrefix("spilo") {
      self = .spilo
    } else if name.hasPrefix("patroni") {
      self = .patroni
    } else {
      return nil
    }
  }

  /// For an image of an unknown name, the family whose variables are set.
  package init(definingVariables names: some Sequence<String>) {
    var family: Self = .official
    for name in names {
      switch name {
      case "POSTGRESQL_ADMIN_PASSWORD", "POSTGRESQL_USER":
        self = .sclorg
        return
      case "POSTGRES_POSTGRES_PASSWORD": family = .bitnami
      case "PGUSER_SUPERUSER", "PGPASSWORD_SUPERUSER": family = .spilo
      default:
        if name.hasPrefix("PATRONI_") {
          self = .patroni
          return
        }
        if name.hasPrefix("POSTGRESQL_") { family = .bitnami }
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
    case .official, .bitnami, .sclorg, .sameersbn, .patroni, .spilo: "postgres"
    case .supabase: "supabase_admin"
    case .kartoza: "docker"
    }
  }

  /// The variable that names the superuser; nil where the name is always the default.
  package var superuserVariable: String? {
    switch self {
    case .official, .supabase, .kartoza: "POSTGRES_USER"
    case .patroni: "PATRONI_SUPERUSER_USERNAME"
    case .spilo: "PGUSER_SUPERUSER"
    case .bitnami, .sclorg, .sameersbn: nil
    }
  }

  /// The user who is no superuser any more when the image has made its data, even where ``superuserVariable`` names it:
  /// `demote-postgres.sql` of supabase/postgres.
  var demotedUser: String? { self == .supabase ? "postgres" : nil }

  /// The variables that hold the superuser's password, in order of precedence.
  var passwordVariables: [String] {
    switch self {
    case .official, .supabase: ["POSTGRES_PASSWORD"]
    case .bitnami: ["POSTGRESQL_POSTGRES_PASSWORD", "POSTGRES_POSTGRES_PASSWORD"]
    case .sclorg: ["POSTGRESQL_ADMIN_PASSWORD"]
    case .kartoza: ["POSTGRES_PASS"]
    case .sameersbn: ["PG_PASSWORD"]
    case .patroni: ["PATRONI_SUPERUSER_PASSWORD"]
    case .spilo: ["PGPASSWORD_SUPERUSER"]
    }
  }

  /// The variables that make a server a copy of another, and with which values; nil: with any.
  var copyingVariables: (names: [String], values: Set<String>?) {
    switch self {
    case .bitnami: (["POSTGRESQL_REPLICATION_MODE", "POSTGRES_REPLICATION_MODE"], ["slave", "replica"])
    case .kartoza: (["REPLICATE_FROM"], nil)
    case .sameersbn: (["REPLICATION_MODE"], ["slave", "snapshot", "backup"])
    case .official, .supabase, .sclorg, .patroni, .spilo: ([], nil)
    }
  }

  /// The folders at, above or below which an image of this name keeps its data where no variable says another one.
  func dataFolders(ofImage name: String) -> [String] {
    switch self {
    case .official:
      switch name {
      case "timescaledb-ha": ["/home/postgres", "/var/lib/postgresql"]
      case "percona-distribution-postgresql": ["/data/db"]
      // SUSE's `postgres` keeps them where Red Hat's does, ParadeDB's where Bitnami's does.
      default: Container.ownFolders
      }
    case .supabase, .kartoza, .sameersbn: ["/var/lib/postgresql"]
    case .bitnami: ["/bitnami/postgresql"]
    case .sclorg: ["/var/lib/pgsql"]
    case .patroni, .spilo: ["/home/postgres", "/var/lib/postgresql"]
    }
  }

  /// The variables that say another folder.
  var dataVariables: [String] {
    switch self {
    case .official, .supabase: ["PGDATA"]
    case .bitnami: ["POSTGRESQL_DATA_DIR", "POSTGRESQL_VOLUME_DIR", "PGDATA"]
    case .kartoza: ["PGDATA", "DATADIR"]
    case .patroni: ["PATRONI_POSTGRESQL_DATA_DIR", "PGDATA"]
    case .spilo: ["PGDATA", "PGROOT"]
    case .sclorg, .sameersbn: []
    }
  }

  /// Whether Patroni makes the replicas of one server.
  var replicates: Bool { self == .patroni || self == .spilo }

  /// Whether a container without a password can be given one. Patroni tells the server its password when the cluster is
  /// made, and logs in with it from then on: it may be in a file, and another one in a variable would lock Patroni out.
  var canBeGivenPassword: Bool { !replicates }

  /// The variables that name a user who is not a superuser.
  package var applicationUserVariables: [String] {
    switch self {
    case .official, .supabase, .kartoza, .patroni, .spilo: []
    case .bitnami: ["POSTGRESQL_USERNAME", "POSTGRESQL_USER", "POSTGRES_USERNAME", "POSTGRES_USER"]
    case .sclorg: ["POSTGRESQL_USER"]
    case .sameersbn: ["DB_USER"]
    }
  }

  /// The variables that hold that user's password. In Bitnami's images without such a user, it is the superuser's
  /// password.
  package var applicationPasswordVariables: [String] {
    switch self {
    case .official, .supabase, .kartoza, .patroni, .spilo: []
    case .bitnami: ["POSTGRESQL_PASSWORD", "POSTGRES_PASSWORD"]
    case .sclorg: ["POSTGRESQL_PASSWORD"]
    case .sameersbn: ["DB_PASS"]
    }
  }

  /// Whether a variable with `_FILE` behind its name is the path of a file that holds the value.
  package var readsFiles: Bool {
    switch self {
    case .official, .supabase, .bitnami, .kartoza: true
    case .sclorg, .sameersbn, .patroni, .spilo: false
    }
  }

  /// Whether the image ends if both such a variable and the one that it stands for are set.
  var refusesBoth: Bool { self == .official || self == .supabase }

  /// The variables that hold the port, in order of precedence; an address may be before it.
  var portVariables: [String] {
    switch self {
    // It writes the port into its postgresql.conf, which goes before PGPORT.
    case .bitnami: ["POSTGRESQL_PORT_NUMBER", "POSTGRES_PORT_NUMBER"]
    case .patroni: ["PGPORT", "PATRONI_POSTGRESQL_LISTEN"]
    case .official, .supabase, .sclorg, .kartoza, .sameersbn, .spilo: ["PGPORT"]
    }
  }

  /// Whether `POSTGRES_INITDB_ARGS` are initdb's arguments.
  var readsInitdbArguments: Bool { self == .official || self == .supabase }

  /// Whether loopback connections need no password; nil where that is not known.
  var trustsLoopback: Bool? {
    switch self {
    case .official, .supabase, .sclorg, .sameersbn: true
    case .bitnami, .spilo: false
    case .kartoza, .patroni: nil
    }
  }
}
