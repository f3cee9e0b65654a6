import Contract
package import DatabaseSpec

/// An entry of `postern.io/connections`: as whom a Pod's containers connect, and how they are told.
package struct DeclaredConnection: Equatable, Sendable {
  /// Which variables the containers get.
  package enum Environment: Equatable, Sendable {
    /// libpq's variables (PostgreSQL docs §34.15), and a URI.
    case standard
    /// The mounted connection service file (PostgreSQL docs §34.17), which libpq reads at every connect.
    case service
    /// Only the mounted files.
    case none
    /// These alone.
    case chosen([Variable])
  }

  /// A variable and what it holds.
  package struct Variable: Equatable, Sendable {
    /// Where its value comes from.
    package enum Source: Equatable, Sendable {
      /// A key of the user's Secret.
      case key(String)
      /// The path of the mounted service file.
      case serviceFile
    }

    /// The variable's name.
    package var name: String
    /// Its value.
    package var source: Source

    init(_ name: String, _ source: Source) {
      (self.name, self.source) = (name, source)
    }
  }

  /// A container that is named, and where.
  package struct ContainerName: Equatable, Sendable {
    package var name: String
    /// The path in the annotation, such as `[0].containers[1]`.
    package var path: String
  }

  /// Who logs in.
  package var user: PostgresName
  /// Nil: the first database that the user may use.
  package var database: PostgresName?
  /// Whose database it is.
  package var customer: String
  /// The name of the folder with the connection's files.
  package var name: String
  /// Which variables the containers get.
  package var environment = Environment.standard
  /// What the variables' names begin with.
  package var prefix = ""
  /// Nil: all containers.
  package var containers: [ContainerName]?
  /// Whether an init container waits until the database takes this login.
  package var waits = false
  /// Whether its Pods are made anew after the user's password has turned.
  package var restarts = false
  /// The path in the annotation, such as `[0]`.
  package var path = ""

  /// The variables, with their whole names.
  package var variables: [Variable] {
    let variables: [Variable] =
      switch environment {
      case .standard: Self.standard
      case .service: [Variable("PGSERVICEFILE", .serviceFile), Variable("PGSERVICE", .key(SecretKey.database))]
      case .none: []
      case .chosen(let variables): variables
      }
    return prefix.isEmpty ? variables : variables.map { Variable(prefix + $0.name, $0.source) }
  }

  private static let standard = [
    Variable("PGHOST", .key(SecretKey.host)), Variable("PGPORT", .key(SecretKey.port)),
    Variable("PGUSER", .key(SecretKey.username)), Variable("PGPASSWORD", .key(SecretKey.password)),
    Variable("PGDATABASE", .key(SecretKey.database)), Variable("PGSSLMODE", .key(SecretKey.sslMode)),
    Variable("PGSSLROOTCERT", .key(SecretKey.sslRootCert)), Variable("DATABASE_URL", .key(SecretKey.uri)),
  ]

  /// Whether a container may be in both connections.
  func sharesContainers(with other: Self) -> Bool {
    guard let containers, let others = other.containers else { return true }
    return !Set(containers.map(\.name)).isDisjoint(with: others.map(\.name))
  }
}
