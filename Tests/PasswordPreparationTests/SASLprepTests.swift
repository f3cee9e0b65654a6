import PasswordPreparation
import Testing

/// The examples of RFC 4013 §3, and libpq's behaviour for what the RFC refuses.
@Suite struct SASLprepTests {
  @Test(arguments: [
    ("", ""), ("user", "user"), ("USER", "USER"), (" ~", " ~"),
    // Mapped to nothing, or to a space.
    ("I\u{AD}X", "IX"), ("a\u{A0}b", "a b"), ("a\u{200B}b", "a b"),
    // NFKC.
    ("\u{AA}", "a"), ("\u{2168}", "IX"), ("e\u{301}", "\u{E9}"), ("\u{1100}\u{1161}", "\u{AC00}"),
    // A right-to-left character first and last.
    ("\u{627}1\u{628}", "\u{627}1\u{628}"),
  ])
  func aPasswordIsPrepared(password: String, expected: String) {
    #expect(SASLprep.prepare(password) == Array(expected.utf8))
  }

  @Test(arguments: [
    // Nothing remains.
    "\u{AD}",
    // Prohibited.
    "\u{AA}\u{7}", "\u{AA}\u{E000}", "\u{AA}\u{FFFD}",
    // Assigned after Unicode 3.2.
    "\u{AA}\u{221}",
    // A right-to-left character that is not last, or mixed with left-to-right ones.
    "\u{627}1", "\u{627}a\u{AA}\u{628}",
  ])
  func aPasswordThatMustNotBePreparedStaysAsItIs(password: String) {
    #expect(SASLprep.prepare(password) == Array(password.utf8))
  }
}
