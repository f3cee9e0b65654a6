import Testing

@testable import YAML

@Suite struct YAMLReaderTests {
  /// The value's structure, with every scalar in its own style.
  private func written(_ value: YAMLValue?) -> String {
    guard let value else { return "none" }
    let tag = value.tag.map { "<\($0)> " } ?? ""
    switch value.content {
    case .scalar(let text, .plain): return tag + text
    case .scalar(let text, let style): return "\(tag)\(style):\(text)"
    case .sequence(let elements): return "\(tag)[\(elements.map(written).joined(separator: ","))]"
    case .mapping(let members):
      return "\(tag){\(members.map { "\(written($0.key))=\(written($0.value))" }.joined(separator: ","))}"
    }
  }

  @Test(arguments: [
    ("", "none"), ("# nothing\n", "none"), ("---\n", ""), ("a", "a"), ("'a'", "singleQuoted:a"),
    (#""a\tb\0""#, "doubleQuoted:a\tb\0"), ("|\n a\n b\n", "literal:a\nb\n"), (">\n a\n b\n", "folded:a b\n"),
    ("[a, [b], {}]", "[a,[b],{}]"), ("a: 1\nb:\n- c\n-\n", "{a=1,b=[c,]}"), ("a: 1\na: 2", "{a=1,a=2}"),
    ("? [a]\n: b", "{[a]=b}"), ("&x a: *x", "{a=a}"), ("[&a 1, *a, &a 2, *a]", "[1,1,2,2]"),
    ("!!str 1", "<tag:yaml.org,2002:str> 1"), ("! 1", "<!> 1"), ("!x {a: !<tag:b> [c]}", "<!x> {a=<tag:b> [c]}"),
    ("\u{FEFF}a: é😀", "{a=é😀}"), ("%YAML 1.1\n---\na\n...\n", "a"),
  ])
  func readsADocument(text: String, expected: String) throws {
    #expect(written(try YAMLReader.only(text)) == expected)
  }

  @Test func readsDocumentsOneByOne() throws {
    var reader = try YAMLReader("a: &a 1\n---\n- b\n...\n---\n*a")
    #expect(written(try reader.next()) == "{a=1}")
    #expect(written(try reader.next()) == "[b]")
    // An anchor holds in its own document alone.
    #expect(throws: YAMLError(.undefinedAlias, "found undefined alias", at: YAMLMark(line: 6, column: 1))) {
      try reader.next()
    }
  }

  @Test func afterTheLastDocumentThereIsNone() throws {
    var reader = try YAMLReader("a")
    #expect(written(try reader.next()) == "a")
    #expect(try reader.next() == nil)
    #expect(try reader.next() == nil)
  }

  @Test func saysWhereAValueBegins() throws {
    let value = try #require(try YAMLReader.only("a: 1\n😀é: [b, \"c\"]\n"))
    #expect(value.mark == YAMLMark(line: 1, column: 1))
    let members = try #require(value.members)
    #expect(members.map(\.key.mark) == [YAMLMark(line: 1, column: 1), YAMLMark(line: 2, column: 1)])
    #expect(members[1].value.elements?.map(\.mark) == [YAMLMark(line: 2, column: 6), YAMLMark(line: 2, column: 9)])
  }

  @Test(arguments: [
    ("a: b: c", YAMLError.Kind.syntax, YAMLMark(line: 1, column: 5)),
    ("a: [b\nc: d", .syntax, YAMLMark(line: 2, column: 2)),
    ("a: 'b", .syntax, YAMLMark(line: 1, column: 6)),
    ("é: 1\nb: c\u{1}", .character, YAMLMark(line: 2, column: 5)),
    ("[a, *b]", .undefinedAlias, YAMLMark(line: 1, column: 5)),
    ("&a [*a]", .undefinedAlias, YAMLMark(line: 1, column: 5)),
    ("a\n---\nb", .secondDocument, YAMLMark(line: 2, column: 1)),
  ])
  func saysWhatIsWrongAndWhere(text: String, kind: YAMLError.Kind, mark: YAMLMark) {
    let error = #expect(throws: YAMLError.self) { try YAMLReader.only(text) }
    #expect(error?.kind == kind)
    #expect(error?.mark == mark)
    #expect(error?.problem.isEmpty == false)
  }

  // MARK: Encodings

  /// The text in UTF-16.
  private func utf16(_ text: String, isLittle: Bool) -> [UInt8] {
    text.utf16.flatMap { unit in
      isLittle ? [UInt8(unit & 0xFF), UInt8(unit >> 8)] : [UInt8(unit >> 8), UInt8(unit & 0xFF)]
    }
  }

  @Test(arguments: [true, false]) func readsUTF16(isLittle: Bool) throws {
    var reader = try YAMLReader(utf16("\u{FEFF}a: é😀\n---\nb", isLittle: isLittle))
    #expect(written(try reader.next()) == "{a=é😀}")
    #expect(written(try reader.next()) == "b")
    let directives = (0...YAMLReader.maximumTagDirectives).map { "%TAG !a\($0)! tag:x\n" }.joined()
    let error = #expect(throws: YAMLError.self) {
      _ = try YAMLReader(utf16("\u{FEFF}\(directives)---\na", isLittle: isLittle))
    }
    #expect(error?.mark == YAMLMark(line: YAMLReader.maximumTagDirectives + 1, column: 1))
  }

  @Test(arguments: [
    (Array("é: 1\nb: c".utf8) + [0xFF], YAMLMark(line: 2, column: 5)),
    (Array("a\r\nb\rc\u{85}d\u{2028}😀".utf8) + [0xC3], YAMLMark(line: 5, column: 2)),
    ([0xEF, 0xBB, 0xBF, 0x61, 0xFF], YAMLMark(line: 1, column: 2)),
    ([0xFF, 0xFE, 0x61, 0, 0x0A, 0, 0x62, 0, 0, 0xDC], YAMLMark(line: 2, column: 2)),
    ([0xFE, 0xFF, 0, 0x61, 0, 0x0A, 0], YAMLMark(line: 2, column: 1)),
    ([0x61, 0, 0x62, 0], YAMLMark(line: 1, column: 2)),
  ])
  func saysWhereBytesAreNoText(bytes: [UInt8], mark: YAMLMark) {
    let error = #expect(throws: YAMLError.self) {
      var reader = try YAMLReader(bytes)
      _ = try reader.next()
    }
    #expect(error?.kind == .character)
    #expect(error?.mark == mark)
  }

  // MARK: Merge keys

  @Test(arguments: [
    ("[{<<: {a: 1}, b: 2}]", "[{a=1,b=2}]"), ("{a: 1, <<: {a: 2}}", "{a=1,a=2}"),
    ("{<<: [{a: 1}, {a: 2, b: 3}]}", "{a=2,b=3,a=1}"), ("{<<: {<<: {a: 1}, b: 2}, c: 3}", "{a=1,b=2,c=3}"),
    ("{'<<': {a: 1}}", "{singleQuoted:<<={a=1}}"),
  ])
  func mergeKeysAreReplacedByWhatTheyAdd(text: String, expected: String) throws {
    #expect(written(try YAMLReader.only(text)?.merged(maximumValues: 100)) == expected)
  }

  @Test(arguments: ["a", "[{a: 1}, b]", "~", "[[{a: 1}]]"]) func whatAMergeKeyCannotAddIsRefused(text: String) throws {
    let value = try #require(try YAMLReader.only("a: 1\n<<: \(text)\n"))
    let error = #expect(throws: YAMLError.self) { try value.merged(maximumValues: 100) }
    #expect(error?.problem == YAMLValue.mergeProblem && error?.mark.line == 2)
  }

  @Test func mergedValuesAreLimited() throws {
    let value = try #require(try YAMLReader.only("[&a {a: 1}, {<<: *a}]"))
    #expect(throws: Never.self) { try value.merged(maximumValues: 6) }
    let error = #expect(throws: YAMLError.self) { try value.merged(maximumValues: 5) }
    #expect(error?.kind == .tooMany)
  }

  // MARK: Limits

  @Test(arguments: ["[1, 2, 3]", "{a: 1, b: 2}", "[&a 1, *a, *a]"])
  func valuesAreLimited(text: String) throws {
    let count = text.hasPrefix("{") ? 5 : 4
    #expect(throws: Never.self) { try YAMLReader.only(text, maximumValues: count) }
    let error = #expect(throws: YAMLError.self) { try YAMLReader.only(text, maximumValues: count - 1) }
    #expect(error?.kind == .tooMany)
  }

  @Test(arguments: ["\n", "\r", "\r\n", "\u{85}", "\u{2028}"])
  func tagDirectivesAreLimited(lineBreak: String) throws {
    func directives(_ count: Int) -> String {
      (0..<count).map { "%TAG !a\($0)! tag:x" }.joined(separator: lineBreak) + "\(lineBreak)---\(lineBreak)a"
    }
    let most = YAMLReader.maximumTagDirectives
    #expect(try YAMLReader.only(directives(most))?.text == "a")
    let error = #expect(throws: YAMLError.self) { try YAMLReader.only(directives(most + 1)) }
    #expect(error?.problem == "more than \(most) %TAG directives")
    #expect(error?.mark == YAMLMark(line: most + 1, column: 1))
    let text = String(repeating: "x %TAG ", count: 2 * most) + "y"
    #expect(try YAMLReader.only("|\n \(text)")?.text == text)
  }

  /// What an alias stands for is as deep as where it is written.
  @Test(arguments: ["[[a]]", "{a: {b: c}}", "? {a: b}\n: c", "- &a [b]\n- *a", "[&a b, [*a]]"])
  func depthIsLimited(text: String) throws {
    #expect(throws: Never.self) { try YAMLReader.only(text, maximumDepth: 3) }
    #expect(throws: YAMLError.self) { try YAMLReader.only(text, maximumDepth: 1) }
  }

  /// Aliases that nest without brackets that do: each is one level deeper than the last.
  @Test(arguments: [100, 10_000])
  func aliasesWithinAliasesAreAsDeepAsWhatTheyStandFor(levels: Int) {
    let text = "- &a0 x\n" + (1...levels).map { "- &a\($0) [*a\($0 - 1)]\n" }.joined()
    let error = (try? YAMLReader.only(text)).map { _ in YAMLError.Kind?.none } ?? kind(of: text)
    #expect(error == (levels > 198 ? .tooDeep : nil))
  }

  private func kind(of text: String) -> YAMLError.Kind? { error(of: text)?.kind }

  private func error(of text: String) -> YAMLError? {
    do throws(YAMLError) {
      _ = try YAMLReader.only(text)
      return nil
    } catch {
      return error
    }
  }

  /// A billion laughs are shared, not copied.
  @Test func aliasesAreShared() throws {
    let text = "- &a0 x\n" + (1...60).map { "- &a\($0) [*a\($0 - 1), *a\($0 - 1)]\n" }.joined()
    #expect(try YAMLReader.only(text)?.elements?.count == 61)
  }

  @Test(arguments: ["[", "{a: ", "- ", "? "])
  func openingForEverIsRefused(bracket: String) {
    #expect(kind(of: String(repeating: bracket, count: 100_000)) == .tooDeep)
  }

  /// Every part of a text, and the text with a byte that does not fit, is read or refused at a place in it.
  @Test func endsWhereTheTextEnds() {
    func expectAnEnd(_ bytes: some Collection<UInt8>) {
      guard let mark = error(of: String(decoding: bytes, as: UTF8.self))?.mark else { return }
      // libyaml ends a last line that has no break as if it had one.
      let lines = bytes.count { $0 == 0x0A } + 2
      #expect((1...lines).contains(mark.line) && (1...bytes.count + 1).contains(mark.column), "\(mark)")
    }
    let text = "a: &x [1, 'b', \"c\\n\", *x2]\nb: |\n  d\n? {e: !!str f}\n: >-\n  g\n...\n---\n- h: *x\n"
    let bytes = Array(text.utf8)
    for count in bytes.indices { expectAnEnd(bytes[..<count]) }
    for index in bytes.indices {
      for byte in [0x00, 0x09, 0x0A, 0x22, 0x26, 0x2A, 0x3A, 0x5B, 0x7B, 0x80, 0xFF] as [UInt8] {
        var spoilt = bytes
        spoilt[index] = byte
        expectAnEnd(spoilt)
      }
    }
  }
}
