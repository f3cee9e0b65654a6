import LibPQ
import OpenSSL
import TextEncoding
import ThrowawayPostgres
import TestThreads
import Testing

@Suite(.blocking) struct ScramTests {
  static let passwords: [String] = [
    "sesame", "pässwörd", "pa\u{308}sswo\u{308}rd", "Ⅸ", "ａｂｃ", "soft\u{AD}hyphen", "\u{AD}", "no\u{A0}break",
    "zero\u{200B}width",
    String(repeating: "x", count: 1000), String(repeating: "ä", count: 1000), String(repeating: "x", count: 64),
    String(repeating: "x", count: 65), "md5c4ca4238a0b923820dcc509a6f75849b",
    "SCRAM-SHA-256$4096:c2FsdHNhbHQ=$AAAA:BBBB", " ", "  trailing  ", "tab\tand\nnewline\u{7F}", "ä\u{7}bell", "😀",
    "한글", "\u{1112}\u{1161}\u{11AB}",
    "سلام", "سلامabc", "1سلام", "שלום", "שa", "ﬁ", "ﷺ", "ẛ̣", "q\u{307}\u{323}", "q\u{323}\u{307}", "Å", "豈", "\u{F951}",
    "𝒜", "\u{E000}ä", "ä\u{378}",
    "ǆ", "½", "①", "㌀", "\u{2F800}", "\u{301}a", "\u{FFFD}", "ßſ", "ά", "ά", "が", "か\u{3099}", "\u{0958}", "\u{2126}",
    "\u{1F71}",
    "a\u{0315}\u{0300}\u{05AE}\u{0062}", "\u{0344}", "\u{0340}ä", "\u{AC00}\u{11A8}", "\u{1100}\u{AC00}\u{11A8}",
    "‚ä“", "naïve café", "пароль", "密码", "パスワード", "ﾊﾟｽ",
    String(decoding: (1...127).map { UInt8($0) }, as: UTF8.self),
  ]

  @Test(arguments: PostgresInstallation.all)
  func aVerifierThatTheServerMadeMatchesItsPasswordAndNoOther(_ installation: PostgresInstallation) throws {
    let connection = try PostgresServer.shared(installation).connect()
    try connection.execute(
      "DROP ROLE IF EXISTS scram_test; CREATE ROLE scram_test; SET password_encryption = 'scram-sha-256'")
    // The server takes a text of these forms as a verifier.
    for password in Self.passwords where !password.hasPrefix("SCRAM") && !password.hasPrefix("md5") {
      let made = try Self.verifier(of: password, for: "scram_test", by: connection)
      let verifier = try #require(ScramVerifier(made))
      #expect(verifier.matches(password: password), "\(password.debugDescription)")
      #expect(!verifier.matches(password: password + "x"))
      #expect(verifier.text == made)
    }
    try connection.execute("DROP ROLE scram_test")
  }

  /// The verifier that the server stores for a role's password.
  private static func verifier(
    of password: String, for role: String, by connection: borrowing Connection
  ) throws -> String {
    let statement = try connection.query(
      "SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)", [role, password])
    try connection.execute(try #require(statement.value(0, 0)))
    let stored = try connection.query("SELECT rolpassword FROM pg_authid WHERE rolname = $1", [role])
    return try #require(stored.value(0, 0))
  }

  @Test func everyCharacterThatCouldHaveAFormOfItsOwnIsPreparedAsTheServerDoes() throws {
    let connection = try PostgresServer.shared(.newest).connect()
    try connection.execute(
      "DROP ROLE IF EXISTS scram_planes; CREATE ROLE scram_planes; SET password_encryption = 'scram-sha-256'")
    // Spread over all planes, with a stride that has no common factor with the blocks' sizes.
    for code in stride(from: UInt32(0x80), to: 0x30000, by: 389) {
      guard let scalar = Unicode.Scalar(code) else { continue }
      let password = "\(Character(scalar))"
      let verifier = try #require(ScramVerifier(try Self.verifier(of: password, for: "scram_planes", by: connection)))
      #expect(verifier.matches(password: password), "U+\(String(code, radix: 16))")
    }
    try connection.execute("DROP ROLE scram_planes")
  }

  /// RFC 7677 §3 has no verifier, but its exchange contains the salt, the iterations and the server's signature.
  @Test func derivesAsRFC7677Does() throws {
    let salt = try #require(Base64.decoded("W22ZaJ0SNY7soEsUEjb6gQ=="))
    let verifier = ScramVerifier(password: "pencil", salt: salt, iterations: 4096)
    let message =
      "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,"
      + "i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    let signature = Digest.hmacSHA256(key: verifier.serverKey, Array(message.utf8))
    #expect(Base64.encoded(signature) == "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
  }

  @Test(arguments: [
    "", "md5c4ca4238a0b923820dcc509a6f75849b", "SCRAM-SHA-256", "SCRAM-SHA-256$4096:c2FsdA==$AAAA:BBBB",
    "SCRAM-SHA-256$0:c2FsdA==$\(key):\(key)", "SCRAM-SHA-256$4096:$\(key):\(key)",
    "SCRAM-SHA-256$4096:c2FsdA$\(key):\(key)", "SCRAM-SHA-256$4096:c2FsdA==$\(key)",
    "SCRAM-SHA-1$4096:c2FsdA==$\(key):\(key)",
    "SCRAM-SHA-256$4096:c2FsdA==$\(key):\(key)$", "SCRAM-SHA-256$-1:c2FsdA==$\(key):\(key)",
  ])
  func whatIsNoVerifierIsNotReadAsOne(_ text: String) {
    #expect(ScramVerifier(text) == nil)
  }

  static let key = Base64.encoded([UInt8](repeating: 7, count: 32))

  @Test func whatIsOneIsRead() {
    #expect(ScramVerifier("SCRAM-SHA-256$4096:c2FsdA==$\(Self.key):\(Self.key)")?.salt == Array("salt".utf8))
  }
}
