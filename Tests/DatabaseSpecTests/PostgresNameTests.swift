import DatabaseSpec
import Testing

/// Names that the server accepts.
@Suite struct PostgresNameTests {
  @Test(
    arguments: [
      ("a", nil), (String(repeating: "a", count: 63), nil), (String(repeating: "é", count: 31) + "a", nil),
      ("", .empty), ("a\0", .containsNUL), (String(repeating: "a", count: 64), .tooLong(bytes: 64)),
      (String(repeating: "é", count: 32), .tooLong(bytes: 64)),
    ] as [(String, PostgresNameError?)])
  func has1To63BytesAndNoNUL(_ text: String, _ expected: PostgresNameError?) {
    do throws(PostgresNameError) {
      #expect(try PostgresName(text).text == text)
      #expect(expected == nil)
    } catch {
      #expect(error == expected)
    }
  }

  @Test func isComparedAndOrderedByBytes() throws {
    let composed = try PostgresName("\u{e9}")
    let decomposed = try PostgresName("e\u{301}")
    #expect(composed.text == decomposed.text)
    #expect(composed != decomposed)
    #expect(Set([composed, decomposed]).count == 2)
    #expect(decomposed < composed)
    #expect(try PostgresName("B") < PostgresName("a"))
    #expect(try PostgresName("Foo") != PostgresName("foo"))
  }

  @Test(arguments: [
    ("public", true), ("none", true), ("postgres", true), ("pg_", true), ("pg_monitor", true), ("pg", false),
    ("Public", false), ("user", false), ("all", false),
  ])
  func someAreNoRolesOfOnesOwn(_ text: String, _ isReserved: Bool) throws {
    #expect((try PostgresName(text).reservedAsRole != nil) == isReserved)
  }

  @Test(arguments: [
    ("postgres", true), ("template0", true), ("template1", true), ("template2", false), ("Postgres", false),
  ])
  func someAreNoDatabasesOfOnesOwn(_ text: String, _ isReserved: Bool) throws {
    #expect((try PostgresName(text).reservedAsDatabase != nil) == isReserved)
  }

  @Test(arguments: [("all", true), ("replication", true), ("sameuser", true), ("samerole", true), ("shop", false)])
  func someAreKeywordsOfTheAccessFile(_ text: String, _ isKeyword: Bool) throws {
    #expect(try PostgresName(text).isHBAKeyword == isKeyword)
  }
}
