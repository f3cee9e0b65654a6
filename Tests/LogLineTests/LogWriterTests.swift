import LogLine
import Synchronization
import Testing

@Suite struct LogWriterTests {
  private func lines(_ format: LogWriter.Format, _ body: (LogWriter) -> Void) -> [Substring] {
    let text = Mutex("")
    body(LogWriter(format: format) { line in text.withLock { $0 += line } })
    return text.withLock { $0 }.split(separator: "\n")
  }

  @Test(
    arguments: [
      (LogLevel.info, "created role", [("user", "shop")], "info  created role  user=shop"),
      (.warning, "a\nb", [], "warn  a b"),
      (
        .error, "failed", [("item", "user shop"), ("sqlstate", "42501")],
        #"error failed  item="user shop" sqlstate=42501"#
      ),
      (.info, "x", [("a", ""), ("b", "1=2"), ("c", "say \"hi\"\n")], #"info  x  a="" b="1=2" c="say \"hi\"\n""#),
    ] as [(LogLevel, String, [(String, String)], String)])
  func aLineIsTimeLevelMessageFields(
    level: LogLevel, message: String, fields: [(String, String)], expected: String
  ) throws {
    let line = try #require(lines(.text) { $0.log(level, message, fields) }.first)
    #expect(line.dropFirst(25) == expected)
    #expect(line.prefix(25).wholeMatch(of: #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /#) != nil)
  }

  @Test func forMachinesItIsAJSONObjectALine() throws {
    let line = try #require(lines(.json) { $0.log(.info, "created \"role\"", [("user", "a\nb")]) }.first)
    #expect(line.hasSuffix(#"","level":"info","message":"created \"role\"","user":"a\nb"}"#))
    #expect(line.hasPrefix(#"{"time":"2"#))
  }

  @Test func whatIsBelowTheLevelIsNotWritten() {
    #expect(lines(.text) { $0.log(.debug, "x") }.isEmpty)
  }
}
