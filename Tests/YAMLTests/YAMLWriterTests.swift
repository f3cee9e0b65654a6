import Testing
import YAML

@Suite struct YAMLWriterTests {
  private func scalar(_ text: String, _ style: YAMLValue.Style = .plain) -> YAMLValue {
    YAMLValue(.scalar(text, style))
  }

  @Test func writesBlocks() throws {
    let long = String(repeating: "word ", count: 60) + "end"
    let value = YAMLValue(
      .mapping([
        .init(key: scalar("a"), value: YAMLValue(.sequence([scalar("b"), YAMLValue(.sequence([]))]))),
        .init(key: scalar("c d", .doubleQuoted), value: YAMLValue(.mapping([]))),
        .init(key: scalar("e"), value: scalar("1\n2\n", .literal)),
        .init(key: scalar("f"), value: scalar("é \u{7}", .doubleQuoted)),
        .init(key: scalar("g"), value: scalar(long, .doubleQuoted)),
        .init(key: scalar("h"), value: scalar("it's", .singleQuoted)),
      ]))
    #expect(
      try YAMLWriter.text(value) == """
        a:
        - b
        - []
        "c d": {}
        e: |
          1
          2
        f: "é \\a"
        g: "\(long)"
        h: 'it''s'

        """)
  }

  /// Whatever the text and its style, it is read as it was.
  @Test(arguments: [
    "", " a", "a: b", "- a", "#", "a\n\n b\n", "\t", "'\"", "é😀\u{85}\u{2028}", "\0", "*a", "---", "...\n",
  ])
  func whatIsWrittenIsReadAgain(text: String) throws {
    for style in [YAMLValue.Style.plain, .singleQuoted, .doubleQuoted, .literal, .folded] {
      let value = YAMLValue(
        .sequence([scalar(text, style), YAMLValue(.mapping([.init(key: scalar("k"), value: scalar(text, style))]))]))
      let again = try YAMLReader.only(try YAMLWriter.text(value))
      #expect(again?.elements?.first?.text == text, "\(style)")
      #expect(again?.elements?.last?["k"]?.text == text, "\(style)")
    }
  }
}
