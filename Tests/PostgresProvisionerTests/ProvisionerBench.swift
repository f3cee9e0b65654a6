import Contract
import DatabaseSpec
import LibPQ
import OpenSSL
import PostgresProvisioner
import Provisioning
import ThrowawayPostgres

/// A server of its own, a declaration, and passes that apply it.
final class ProvisionerBench {
  let server: PostgresServer
  var desired: DesiredState
  private(set) var log: [String] = []

  private var stop = false
  private let cache = VerifierCache()
  /// What passes remember of databases. Where there is nothing to remember it in, each pass looks into all.
  var known: ContentsCache?
  /// As whom passes log in, where not as the server's first superuser.
  var administrator: ConnectionSettings?
  private var provisioner: Provisioner {
    Provisioner(
      settings: administrator ?? server.settings, cache: cache, known: known ?? ContentsCache(), control: control)
  }

  /// Connects passes to this bench: what they log, and when they must stop.
  lazy var control = PassControl(
    log: { [unowned self] level, title, details in
      log.append("\(level) \(details.reduce(into: title) { $0 += " \($1.0)=\($1.1)" })")
    }, shouldStop: { [unowned self] in stop })

  init(
    _ installation: PostgresInstallation, configuration: [String] = [], trustsSuperuser: Bool = false
  ) throws {
    server = try PostgresServer(
      installation, configuration: ["autovacuum=off"] + configuration, trustsSuperuser: trustsSuperuser)
    desired = DesiredState(spec: InstanceSpec(customer: "acme"), specHash: "")
  }

  /// Another process with the same server and the same declaration.
  init(besides other: ProvisionerBench) {
    server = other.server
    desired = other.desired
  }

  /// Declares a user or changes its declaration. The password is the name with `-secret` unless it is given.
  func user(
    _ name: String, ensure: User.Ensure = .present, grants: [String: Grant.Level] = [:], connectionLimit: Int? = nil,
    validUntil: String? = nil, memberOf: [String] = [], password: String? = nil, hasPassword: Bool = true
  ) throws {
    let user = User(
      name: try PostgresName(name), ensure: ensure,
      grants: try grants.sorted { $0.key < $1.key }.map { Grant(database: try PostgresName($0.key), level: $0.value) },
      connectionLimit: connectionLimit, validUntil: validUntil.flatMap { Expiry($0) },
      memberOf: try memberOf.map { try PostgresName($0) })
    if let index = desired.spec.users.firstIndex(where: { $0.name == user.name }) {
      desired.spec.users[index] = user
    } else {
      desired.spec.users.append(user)
    }
    desired.passwords[user.name] = hasPassword ? try Password(password ?? "\(name)-secret") : nil
  }

  /// Removes a user from the declaration.
  func remove(_ name: String) throws {
    let name = try PostgresName(name)
    desired.spec.users.removeAll { $0.name == name }
    desired.passwords[name] = nil
  }

  /// Declares a database or changes its declaration.
  func database(
    _ name: String, owner: String, extensions: [Extension] = [], schemas: [Schema] = [], scripts: [Script] = []
  ) throws {
    let database = Database(
      name: try PostgresName(name), owner: try PostgresName(owner), extensions: extensions, schemas: schemas,
      scripts: scripts)
    if let index = desired.spec.databases.firstIndex(where: { $0.name == database.name }) {
      desired.spec.databases[index] = database
    } else {
      desired.spec.databases.append(database)
    }
  }

  /// A script whose text is in the volume.
  func script(
    _ name: String, _ sql: String, rerun: Script.Rerun = .never, transaction: Bool = true,
    timeout: Int = Script.defaultTimeout
  ) -> Script {
    let sha256 = Digest.sha256(Array(sql.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    let file = VolumeLayout.scriptFile(sha256: sha256)
    desired.scripts[file] = sql
    return Script(
      name: name, content: .file(name: file, sha256: sha256), rerun: rerun, transaction: transaction,
      timeout: timeout)
  }

  /// Runs a pass. If nobody can log in, that is the only problem in its report.
  func pass() -> PassReport {
    do throws(PostgresError) { return try provisioner.pass(desired) } catch {
      return PassReport(
        outcome: .incomplete,
        problems: [ItemProblem(item: "server", message: error.message, sqlState: error.sqlState)])
    }
  }

  func plan() throws -> [String] { try provisioner.plan(desired) }

  /// Runs a pass of a sidecar that is asked to stop from the start.
  func stoppedPass() -> PassReport {
    stop = true
    defer { stop = false }
    return pass()
  }

  /// The only value of a query that the superuser makes.
  func value(_ sql: String, in database: String = "postgres") throws -> String? {
    try server.connect(database: database).query(sql).value(0, 0)
  }

  /// The only value of a query that a user makes, who logs in with a password.
  func value(_ sql: String, in database: String, as user: String, password: String? = nil) throws -> String? {
    try connect(to: database, as: user, password: password).query(sql).value(0, 0)
  }

  func connect(to database: String, as user: String, password: String? = nil) throws -> Connection {
    try Connection(server.settings(user: user, password: password ?? "\(user)-secret", database: database))
  }

  /// The SQLSTATE that a user's query ends with.
  func sqlState(_ sql: String, in database: String, as user: String, password: String? = nil) throws -> String? {
    do throws(PostgresError) {
      let settings = server.settings(user: user, password: password ?? "\(user)-secret", database: database)
      try Connection(settings).execute(sql)
      return nil
    } catch { return error.sqlState }
  }
}
