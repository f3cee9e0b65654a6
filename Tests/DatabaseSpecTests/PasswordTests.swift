import DatabaseSpec
import Testing

/// A password is shown nowhere.
@Suite struct PasswordTests {
  @Test func showsAsRedactedHoweverItIsPrinted() throws {
    let password = try Password("hunter2")
    var dumped = ""
    dump([password], to: &dumped)
    let file = PasswordsFile(passwords: [try PostgresName("a"): password])
    for text in ["\(password)", String(describing: [password]), String(reflecting: password), dumped, "\(file)"] {
      #expect(!text.contains("hunter2"))
    }
    #expect("\(password)" == "[redacted]")
    #expect(password.unredacted == "hunter2")
  }

  @Test func isNeitherEmptyNorHasANUL() {
    #expect(throws: PasswordError.empty) { try Password("") }
    #expect(throws: PasswordError.containsNUL) { try Password("a\0b") }
  }

  @Test(arguments: [
    ("a\n", "a"), ("a\n\n", "a\n"), ("a\r\n", "a\r"), (" a ", " a "), ("a", "a"),
  ])
  func ofASecretLosesOneTrailingNewline(_ value: String, _ expected: String) throws {
    #expect(try Password(secretValue: Array(value.utf8)).unredacted == expected)
  }

  @Test(arguments: [([0x0A], PasswordError.empty), ([0xFF, 0x0A], .notUTF8), ([0x61, 0], .containsNUL), ([], .empty)])
  func ofASecretIsText(_ value: [UInt8], _ expected: PasswordError) {
    #expect(throws: expected) { try Password(secretValue: value) }
  }

  @Test func isComparedByBytes() throws {
    #expect(try Password("\u{e9}") != Password("e\u{301}"))
  }
}
