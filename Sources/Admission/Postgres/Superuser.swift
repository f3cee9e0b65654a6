import Declarations
import JSONBytes

/// The superuser of a Postgres container, as its image's family derives it from its variables. A password is taken as
/// the superuser's only if that is certain.
struct Superuser {
  /// Nil: the name is ``ImageFamily/defaultSuperuser``.
  let name: GivenValue?
  /// Nil where none is set.
  let password: GivenValue?
  /// The variable in which Postern must give the container a password; nil where the container starts without one and
  /// the sidecar can log in.
  let missingPassword: String?
  /// Whether the image also creates a user who is not the superuser.
  let hasApplicationUser: Bool
  /// Whether loopback connections need no password; nil where that is not known.
  let trustsLoopback: Bool?

  init(_ postgres: Container, _ family: ImageFamily, _ arguments: ServerArguments) throws(JSONError) {
    func given(_ names: [String]) throws(JSONError) -> GivenValue? {
      try postgres.given(names, readsFiles: family.readsFiles)
    }
    name = try given([family.superuserVariable].compactMap(\.self))
    let own = try given(family.passwordVariables)
    let user = try given(family.applicationUserVariables)
    hasApplicationUser =
      switch user {
      case nil, .literal("postgres")?, .candidates?: false
      default: true
      }
    var allowsEmpty = false
    switch family {
    case .official, .supabase, .kartoza:
      password = own
      if case .literal("trust")? = try given(["POSTGRES_HOST_AUTH_METHOD"]) { allowsEmpty = family != .kartoza }
    case .patroni, .spilo: password = own
    case .sameersbn:
      // It needs none, and takes one only where it makes the data.
      password = own
      allowsEmpty = true
    case .sclorg:
      password = own
      allowsEmpty = user != nil
    case .bitnami:
      let users = try given(family.applicationPasswordVariables)
      password = hasApplicationUser ? own : users ?? own
      if case .literal(let text)? = try given(["ALLOW_EMPTY_PASSWORD"]) {
        // With a password of anybody, loopback asks for one.
        allowsEmpty = own == nil && users == nil && ["yes", "true", "1"].contains(text.lowercased())
      }
    }
    let isGiven = password != nil || allowsEmpty || !family.canBeGivenPassword
    missingPassword =
      isGiven ? nil : hasApplicationUser ? family.passwordVariables.first : Self.passwordVariable(of: family)
    trustsLoopback =
      if arguments.settings["hba_file"] != nil || Self.hasOwnSettings(family, arguments) {
        nil
      } else if family == .bitnami, allowsEmpty {
        true
      } else if family.trustsLoopback == true, family.readsInitdbArguments {
        try Self.asksAfterInitdb(postgres).map { !$0 }
      } else {
        family.trustsLoopback
      }
  }

  /// Whether the server reads a postgresql.conf that is not initdb's, which may name another pg_hba.conf.
  private static func hasOwnSettings(_ family: ImageFamily, _ arguments: ServerArguments) -> Bool {
    guard let file = arguments.settings["config_file"] else { return false }
    // Supabase's documents start its server with the image's own.
    return family != .supabase || file != "/etc/postgresql/postgresql.conf"
  }

  private static func passwordVariable(of family: ImageFamily) -> String? {
    (family == .bitnami ? family.applicationPasswordVariables : family.passwordVariables).first
  }

  /// Whether initdb was told to require passwords on loopback; nil where that is not known. Of several options the last one
  /// counts.
  private static func asksAfterInitdb(_ postgres: Container) throws(JSONError) -> Bool? {
    let text: String
    switch try postgres.given(["POSTGRES_INITDB_ARGS"], readsFiles: false) {
    case nil, .candidates?: return false
    case .literal(let literal)?: text = literal
    default: return nil
    }
    let signs = "=\"'".unicodeScalars
    var words = text.unicodeScalars.split { $0.isWhiteSpace || signs.contains($0) }.map(String.init)[...]
    var asks = false
    while let word = words.popFirst() {
      if ["-A", "--auth", "--auth-host"].contains(word) {
        asks = words.first.map { $0 != "trust" } ?? asks
      } else if word.hasPrefix("-A") {
        asks = word != "-Atrust"
      }
    }
    return asks
  }
}
