import Linux
import Testing

@Suite struct ChildProcessTests {
  @Test(
    arguments: [
      ("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -TERM $$", 143), (#"test "$A$1" = "b c" || exit 9"#, 0),
      ("test -z \"$HOME\" || exit 9", 0), ("test ! -e /proc/self/fd/3 || exit 9", 0),
    ] as [(String, Int32)])
  func theStatusIsThatOfAShell(_ script: String, _ status: Int32) throws {
    #expect(try ChildProcess.run("/bin/sh", ["-c", script, "sh", " c"], environment: ["A=b"]) == status)
  }

  @Test func aProgramThatCannotBeRunIsAnError() {
    #expect(throws: FileError.self) { try ChildProcess.run("/nonexistent/psql", [], environment: []) }
    #expect(throws: FileError.self) { try ChildProcess.run("/bin/sh", ["a\u{0}b"], environment: []) }
  }
}
