import DatabaseSpec
import Testing

/// The logins in `passwords.json`.
@Suite struct PasswordsFileLoginTests {
  private static let end = "2027-01-01T00:00:00.5Z"

  private static func file(_ logins: String) -> [UInt8] {
    Array(#"{"apiVersion":"postern.io/v1","users":{"shop":"a","shop_b":"b"},"logins":\#(logins)}"#.utf8)
  }

  @Test(arguments: [
    LoginState(), LoginState(isSecond: true), LoginState(isSecond: true, other: .pending),
    LoginState(other: .until(Timestamp(microseconds: 1_800_000_000_500_000))),
  ])
  func theyComeBackAsTheyWereWritten(state: LoginState) throws {
    let names = (try PostgresName("shop"), try PostgresName("shop_b"))
    let file = PasswordsFile(
      passwords: [names.0: try Password("a"), names.1: try Password("b")], logins: [names.0: state])
    #expect(try PasswordsFile(decoding: file.encoded()) == file)
  }

  @Test func withoutThemTheFileIsAsBefore() throws {
    let file = PasswordsFile(passwords: [try PostgresName("shop"): try Password("a")])
    #expect(
      String(decoding: file.encoded(), as: UTF8.self) == #"{"apiVersion":"postern.io/v1","users":{"shop":"a"}}"#)
  }

  /// What cannot be read says nothing, so both logins stay as they are.
  @Test(arguments: [
    "7", "[]", #"{"shop":7}"#, #"{"shop":{}}"#, #"{"shop":{"second":"yes"}}"#, #"{"":{"second":true}}"#,
    #"{"shop":{"second":true,"until":"tomorrow"}}"#, #"{"shop":null}"#,
  ])
  func whatCannotBeReadIsMissing(logins: String) throws {
    let file = try PasswordsFile(decoding: Self.file(logins))
    #expect(file.logins.isEmpty && file.passwords.count == 2)
  }

  @Test func membersOfALaterVersionAreIgnored() throws {
    let text = #"{"shop":{"second":true,"until":"\#(Self.end)","more":{"a":[1]}},"other":{"second":false,"x":1}}"#
    let file = try PasswordsFile(decoding: Self.file(text))
    #expect(file.logins.count == 2)
    #expect(
      file.logins[try PostgresName("shop")]
        == LoginState(isSecond: true, other: .until(try #require(Timestamp(rfc3339: Self.end)))))
  }
}
