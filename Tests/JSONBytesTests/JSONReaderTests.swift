import JSONBytes
import Testing

private func failure(_ bytes: [UInt8]) -> JSONError? {
  do throws(JSONError) {
    _ = try JSONValue(parsing: bytes)
    return nil
  } catch {
    return error
  }
}

/// The reader accepts all of RFC 8259 and nothing else.
struct JSONReaderTests {
  static let sample = #" {"a" : [1, -2.5e+3, true, false, null, "x\n\u00e9\ud83d\ude00é😀"], "b": {"c": {}}, "": []} "#

  @Test(arguments: [
    ("null", JSONValue.null), (" true ", .bool(true)), ("false", .bool(false)), ("0", .number("0")),
    ("-0.10e-5", .number("-0.10e-5")), ("12345678901234567890", .number("12345678901234567890")),
    (#""""#, .string("")), (#""\"\\\/\b\f\n\r\t""#, .string("\"\\/\u{8}\u{C}\n\r\t")),
    (#""\u0041\u00e9\u20AC\ud83d\ude00""#, .string("Aé€😀")), (#""\ud83d""#, .string("\u{FFFD}")),
    (#""\ude00x""#, .string("\u{FFFD}x")), (#""\ud83d\u0041""#, .string("\u{FFFD}A")), ("\"é😀\"", .string("é😀")),
    ("[]", .array([])), ("[ 1 , [ 2 ] ]", .array([.number("1"), .array([.number("2")])])),
  ])
  func readsValues(_ text: String, _ expected: JSONValue) throws {
    #expect(try JSONValue(parsing: Array(text.utf8)) == expected)
  }

  @Test func membersKeepTheirOrderAndAreToldApartByTheirBytes() throws {
    let value = try JSONValue(parsing: Array("{\"b\":1,\"\u{e9}\":2,\"a\":3,\"e\u{301}\":4}".utf8))
    guard case .object(let object) = value else {
      Issue.record("no object")
      return
    }
    #expect(object.members.count == 4)
    #expect(value["\u{e9}"] == .number("2"))
    #expect(value["e\u{301}"] == .number("4"))
    #expect(value.bytes.elementsEqual("{\"b\":1,\"\u{e9}\":2,\"a\":3,\"e\u{301}\":4}".utf8))
  }

  @Test(arguments: [
    ("", JSONError(.unexpectedEnd, at: 0)), ("[1,]", JSONError(.unexpectedByte(0x5D), at: 3)),
    ("[1 2]", JSONError(.unexpectedByte(0x32), at: 3)), ("{1:2}", JSONError(.expected(.string), at: 1)),
    (#"{"a" 1}"#, JSONError(.unexpectedByte(0x31), at: 5)), ("01", JSONError(.invalidNumber, at: 0)),
    ("1.", JSONError(.invalidNumber, at: 0)), ("-", JSONError(.invalidNumber, at: 0)),
    ("1e", JSONError(.invalidNumber, at: 0)), ("+1", JSONError(.unexpectedByte(0x2B), at: 0)),
    ("nul", JSONError(.unexpectedEnd, at: 3)), ("NaN", JSONError(.unexpectedByte(0x4E), at: 0)),
    ("1 1", JSONError(.trailingBytes, at: 2)), ("\"\n\"", JSONError(.controlCharacterInString, at: 1)),
    (#""\x""#, JSONError(.invalidEscape, at: 1)), (#""\u12g4""#, JSONError(.invalidEscape, at: 1)),
    ("// x", JSONError(.unexpectedByte(0x2F), at: 0)),
  ])
  func refusesWhatIsNotJSONAndSaysWhere(_ text: String, _ expected: JSONError) {
    #expect(failure(Array(text.utf8)) == expected)
  }

  @Test(
    arguments: [
      [0x80], [0xC3], [0xC0, 0x80], [0xC3, 0x28], [0xE0, 0x80, 0x80], [0xE2, 0x82], [0xED, 0xA0, 0x80],
      [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xF0, 0x9F, 0x98], [0xFF],
    ] as [[UInt8]])
  func refusesWhatIsNotUTF8(_ bytes: [UInt8]) {
    #expect(failure([0x22] + bytes + [0x22]) == JSONError(.invalidUTF8, at: 1))
  }

  @Test(
    arguments: [
      [0x7F], [0xC2, 0x80], [0xDF, 0xBF], [0xE0, 0xA0, 0x80], [0xED, 0x9F, 0xBF], [0xEE, 0x80, 0x80],
      [0xF0, 0x90, 0x80, 0x80], [0xF4, 0x8F, 0xBF, 0xBF],
    ] as [[UInt8]])
  func takesUTF8ToItsBounds(_ bytes: [UInt8]) {
    #expect(failure([0x22] + bytes + [0x22]) == nil)
  }

  @Test func nestsToTheLimitAndNoDeeper() {
    func nested(_ depth: Int) -> [UInt8] {
      Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
    }
    #expect(failure(nested(JSONReader.maximumDepth)) == nil)
    #expect(
      failure(nested(JSONReader.maximumDepth + 1))
        == JSONError(.tooDeep(limit: JSONReader.maximumDepth), at: JSONReader.maximumDepth))
    #expect(failure(Array(repeating: UInt8(ascii: "["), count: 1_000_000)) != nil)
  }

  /// What is skipped is checked as what is read, whatever is wrong in it and wherever.
  @Test(arguments: [
    #"{"metadata":{"name":"a","labels":{"app":"shop"},"f:x":{"k:{\"n\":\"p\"}":{".":{},"f:y":{}}}},"n":[0,-17,true]}"#,
    #"[{"a":"a text of more than sixteen bytes","b":null},"\u00e9\n",[[]],{"é":1.5e3,"c":false}]"#, sample,
  ])
  func whatIsSkippedIsCheckedAsWhatIsRead(_ text: String) throws {
    let bytes = Array(text.utf8)
    let padding = [UInt8](repeating: 0x20, count: 40)
    func ends(_ document: [UInt8], _ comment: String) {
      var reader = JSONReader(document + padding)
      let isSkipped = (try? reader.skip()) != nil && (try? reader.end()) != nil
      #expect(isSkipped == (failure(document + padding) == nil), "\(comment)")
    }
    #expect(failure(bytes) == nil)
    ends(bytes, "as it is")
    for index in bytes.indices {
      for byte in Array("\"\\{}[],:019-.etnfu ".utf8) + [0, 0x1F, 0x7F, 0x80, 0xC3, 0xFF] {
        var changed = bytes
        changed[index] = byte
        ends(changed, "\(byte) at \(index)")
        changed.insert(bytes[index], at: index)
        ends(changed, "\(byte) put in at \(index)")
      }
      var shorter = bytes
      shorter.remove(at: index)
      ends(shorter, "without the byte at \(index)")
      ends(Array(bytes[..<index]), "cut at \(index)")
    }
  }

  @Test(arguments: [1, 200, 255, 256, 257, 320, 100_000])
  func whatIsSkippedMayBeDeepAndItsBracketsAreChecked(_ depth: Int) throws {
    let open = String(repeating: #"[{"a":"#, count: depth)
    let close = String(repeating: "}]", count: depth)
    let document = Array("[\(open)1\(close),2]".utf8)
    var reader = JSONReader(document)
    try reader.beginArray()
    _ = try reader.nextElement()
    #expect(try reader.value().range == 1..<(document.count - 3))
    _ = try reader.nextElement()
    #expect(try reader.integer() == 2)
    // One bracket does not match: at the deepest level, and at the outermost.
    for (index, byte) in [
      (open.utf8.count + 1, UInt8(ascii: "]")), (open.utf8.count + close.utf8.count, UInt8(ascii: "}")),
    ] {
      var broken = Array("\(open)1\(close)".utf8)
      broken[index] = byte
      var reader = JSONReader(broken)
      #expect(throws: JSONError.self) { try reader.skip() }
    }
  }

  @Test func aDocumentThatIsCutAnywhereIsRefused() throws {
    let bytes = Array(Self.sample.utf8)
    let whole = try JSONValue(parsing: bytes)
    for length in 0..<bytes.count {
      // Only the white space at the end may be missing.
      if length == bytes.count - 1 {
        #expect(try JSONValue(parsing: Array(bytes[..<length])) == whole)
      } else {
        #expect(failure(Array(bytes[..<length])) != nil, "cut at \(length)")
      }
    }
  }

  @Test func anyByteMayChangeWithoutACrash() {
    let bytes = Array(Self.sample.utf8)
    for index in bytes.indices {
      for byte: UInt8 in [0, 0x22, 0x5C, 0x5D, 0x7D, 0x80, 0xFF] {
        var changed = bytes
        changed[index] = byte
        if let error = failure(changed) { #expect((0...bytes.count).contains(error.offset)) }
      }
    }
  }

  @Test(arguments: [
    ("0", 0), ("-1", -1), ("9223372036854775807", Int.max), ("9223372036854775808", nil),
    ("-9223372036854775808", Int.min), ("-9223372036854775809", nil), ("1.0", nil), ("1e3", nil),
  ])
  func readsWholeNumbersThatFit(_ text: String, _ expected: Int?) {
    var reader = JSONReader(Array(text.utf8))
    #expect((try? reader.integer()) == expected)
  }

  @Test func keysMatchWithAndWithoutEscapes() throws {
    var reader = JSONReader(Array(#"{"n\u0061me": 1, "names": 2}"#.utf8))
    try reader.beginObject()
    let first = try #require(try reader.nextKey())
    #expect(reader.matches(first, "name"))
    #expect(reader.text(first) == "name")
    try reader.skip()
    let second = try #require(try reader.nextKey())
    #expect(!reader.matches(second, "name"))
    #expect(try reader.integer() == 2)
    #expect(try reader.nextKey() == nil)
    try reader.end()
  }

  @Test func aSliceIsReadAgainWhereItStands() throws {
    let bytes = Array(#"{"a": [1, {"b": 2}], "c": 3}"#.utf8)
    var reader = JSONReader(bytes)
    try reader.beginObject()
    _ = try reader.nextKey()
    let slice = try reader.value()
    #expect(slice.kind == .array)
    #expect(String(decoding: bytes[slice.range], as: UTF8.self) == #"[1, {"b": 2}]"#)
    var again = JSONReader(slice, of: bytes)
    #expect(try JSONValue(from: &again) == JSONValue(parsing: Array(#"[1,{"b":2}]"#.utf8)))
    try again.end()
  }
}

/// The reader reads what the writer writes.
struct JSONWriterTests {
  @Test func putsCommasWhereTheyBelong() {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("a", 1)
    writer.key("b")
    writer.beginArray()
    writer.null()
    writer.bool(true)
    writer.beginObject()
    writer.endObject()
    writer.raw(Array("[1,2]".utf8))
    writer.endArray()
    writer.member("c", "x")
    writer.member("d", false)
    writer.endObject()
    #expect(String(decoding: writer.bytes, as: UTF8.self) == #"{"a":1,"b":[null,true,{},[1,2]],"c":"x","d":false}"#)
  }

  @Test(arguments: [
    ("", #""""#), ("a\"b\\c/", #""a\"b\\c/""#), ("\n\r\t", #""\n\r\t""#), ("\0\u{1F}", #""\u0000\u001f""#),
    ("é😀\u{7F}\u{2028}", "\"é😀\u{7F}\u{2028}\""), ("\"\"", #""\"\"""#),
    (
      "\"a run that is longer than sixteen\\\\bytes, before and after\n",
      #""\"a run that is longer than sixteen\\\\bytes, before and after\n""#
    ),
  ])
  func escapesWhatMustBeEscapedAndNothingElse(_ text: String, _ expected: String) throws {
    let bytes = JSONValue.string(text).bytes
    #expect(String(decoding: bytes, as: UTF8.self) == expected)
    #expect(try JSONValue(parsing: bytes) == .string(text))
  }

  @Test func everyScalarBelowU3000ComesBack() throws {
    var scalars = String.UnicodeScalarView()
    for value in UInt32(0)..<0x3000 { if let scalar = Unicode.Scalar(value) { scalars.append(scalar) } }
    let text = String(scalars)
    let read = try #require(try JSONValue(parsing: JSONValue.string(text).bytes).string)
    #expect(read.utf8.elementsEqual(text.utf8))
  }

  @Test func aDocumentComesBackAsItWasCompact() throws {
    let value = try JSONValue(parsing: Array(JSONReaderTests.sample.utf8))
    #expect(try JSONValue(parsing: value.bytes) == value)
    #expect(try JSONValue(parsing: value.bytes).bytes == value.bytes)
  }
}
