/// The options that a program takes.
struct ProgramOptions {
  private let all: [(letter: Character?, name: String, hasValue: Bool)]
  /// Whether they end at the first word that is none, as with programs that run another one.
  let areFirst: Bool

  /// - Parameter text: each as `LETTER/NAME`, `-/NAME` where it has no letter, with `=` behind it where a value follows.
  init(_ text: String, areFirst: Bool = false) {
    all = text.split(separator: " ").map { option in
      let name = option.dropFirst(2)
      let hasValue = name.last == "="
      return (option.first.flatMap { $0 == "-" ? nil : $0 }, String(hasValue ? name.dropLast() : name), hasValue)
    }
    self.areFirst = areFirst
  }

  func option(_ letter: Character) -> (name: String, hasValue: Bool)? {
    all.first { $0.letter == letter }.map { ($0.name, $0.hasValue) }
  }

  /// The option of this name, of which the beginning is enough where it is no other's.
  func option(named name: some StringProtocol) -> (name: String, hasValue: Bool)? {
    let found = all.filter { $0.name == name }
    let likely = found.isEmpty ? all.filter { $0.name.hasPrefix(name) } : found
    return likely.count == 1 ? likely.first.map { ($0.name, $0.hasValue) } : nil
  }

  // MARK: PostgreSQL's programs (its docs, "PostgreSQL Client Applications")

  static let psql = ProgramOptions(
    """
    a/echo-all A/no-align b/echo-errors c/command= d/dbname= e/echo-queries E/echo-hidden f/file= F/field-separator= \
    h/host= H/html l/list L/log-file= n/no-readline o/output= p/port= P/pset= q/quiet R/record-separator= s/single-step \
    S/single-line t/tuples-only T/table-attr= U/username= v/variable= -/set= w/no-password W/password x/expanded \
    X/no-psqlrc z/field-separator-zero 0/record-separator-zero 1/single-transaction -/csv
    """)

  static let createuser = ProgramOptions(
    """
    a/with-admin= c/connection-limit= d/createdb D/no-createdb e/echo E/encrypted g/member-of= -/role= i/inherit \
    I/no-inherit l/login L/no-login m/with-member= P/pwprompt r/createrole R/no-createrole s/superuser S/no-superuser \
    v/valid-until= -/replication -/no-replication -/bypassrls -/no-bypassrls h/host= p/port= U/username= w/no-password \
    W/password
    """)

  static let createdb = ProgramOptions(
    """
    D/tablespace= e/echo E/encoding= l/locale= -/lc-collate= -/lc-ctype= -/locale-provider= -/icu-locale= -/icu-rules= \
    -/builtin-locale= O/owner= S/strategy= T/template= h/host= p/port= U/username= w/no-password W/password \
    -/maintenance-db=
    """)

  // MARK: Programs that run another one

  static let launchers = [
    "exec": ProgramOptions("a/name= c/clean l/login", areFirst: true),
    "command": ProgramOptions("p/path v/verbose V/describe", areFirst: true),
    "nohup": ProgramOptions("", areFirst: true),
    "env": ProgramOptions("i/ignore-environment u/unset= -/default-signal", areFirst: true),
    "timeout": ProgramOptions("k/kill-after= s/signal= v/verbose f/foreground -/preserve-status", areFirst: true),
    "sudo": ProgramOptions(
      """
      u/user= g/group= h/host= p/prompt= C/close-from= r/role= t/type= D/chdir= E/preserve-env H/set-home i/login \
      n/non-interactive S/stdin s/shell k/reset-timestamp b/background
      """, areFirst: true),
    "gosu": ProgramOptions("", areFirst: true),
    "su-exec": ProgramOptions("", areFirst: true),
  ]

  private static let ofBoth = """
    c/command= l/login m/preserve-environment p/preserve g/group= G/supp-group= f/fast P/pty s/shell= \
    w/whitelist-environment=
    """
  static let su = ProgramOptions(ofBoth)
  static let runuser = ProgramOptions("u/user= " + ofBoth)

  static let shell = ProgramOptions("c/command e/errexit u/nounset x/xtrace l/login i/interactive", areFirst: true)
}
