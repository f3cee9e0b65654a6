import JSONBytes
import JSONPatch
import Testing

private func json(_ text: String) throws -> JSONValue {
  try JSONValue(parsing: Array(text.utf8))
}

/// RFC 6902, appendix A: a document, a patch, and the result.
private let appendixA: [(String, String, String)] = [
  // A.1 to A.16, in order, without those that fail.
  (#"{"foo":"bar"}"#, #"[{"op":"add","path":"/baz","value":"qux"}]"#, #"{"baz":"qux","foo":"bar"}"#),
  (#"{"foo":["bar","baz"]}"#, #"[{"op":"add","path":"/foo/1","value":"qux"}]"#, #"{"foo":["bar","qux","baz"]}"#),
  (#"{"baz":"qux","foo":"bar"}"#, #"[{"op":"remove","path":"/baz"}]"#, #"{"foo":"bar"}"#),
  (#"{"foo":["bar","qux","baz"]}"#, #"[{"op":"remove","path":"/foo/1"}]"#, #"{"foo":["bar","baz"]}"#),
  (#"{"baz":"qux","foo":"bar"}"#, #"[{"op":"replace","path":"/baz","value":"boo"}]"#, #"{"baz":"boo","foo":"bar"}"#),
  (
    #"{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}"#,
    #"[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]"#,
    #"{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}"#
  ),
  (
    #"{"foo":["all","grass","cows","eat"]}"#, #"[{"op":"move","from":"/foo/1","path":"/foo/3"}]"#,
    #"{"foo":["all","cows","eat","grass"]}"#
  ),
  (
    #"{"baz":"qux","foo":["a",2,"c"]}"#,
    #"[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]"#,
    #"{"baz":"qux","foo":["a",2,"c"]}"#
  ),
  (
    #"{"foo":"bar"}"#, #"[{"op":"add","path":"/child","value":{"grandchild":{}}}]"#,
    #"{"foo":"bar","child":{"grandchild":{}}}"#
  ),
  (#"{"foo":"bar"}"#, #"[{"op":"add","path":"/baz","value":"qux","xyz":123}]"#, #"{"foo":"bar","baz":"qux"}"#),
  (#"{"/":9,"~1":10}"#, #"[{"op":"test","path":"/~01","value":10}]"#, #"{"/":9,"~1":10}"#),
  (#"{"foo":["bar"]}"#, #"[{"op":"add","path":"/foo/-","value":["abc","def"]}]"#, #"{"foo":["bar",["abc","def"]]}"#),
  // Cases that the appendix does not have.
  (#"{"a":[1,2]}"#, #"[{"op":"copy","from":"/a","path":"/b"}]"#, #"{"a":[1,2],"b":[1,2]}"#),
  (#"{"a":1}"#, #"[{"op":"add","path":"","value":[true]}]"#, "[true]"),
  (#"{"a":1}"#, #"[{"op":"add","path":"/a","value":null}]"#, #"{"a":null}"#),
  (#"{"a":null}"#, #"[{"op":"replace","path":"/a","value":{"b":0}}]"#, #"{"a":{"b":0}}"#),
  (#"{"":{"é~/":1}}"#, #"[{"op":"remove","path":"//é~0~1"}]"#, #"{"":{}}"#),
  (#"{"a":1.0}"#, #"[{"op":"test","path":"/a","value":1e0}]"#, #"{"a":1.0}"#),
  (#"{"a":{"x":1,"y":[1]}}"#, #"[{"op":"test","path":"/a","value":{"y":[1],"x":1}}]"#, #"{"a":{"x":1,"y":[1]}}"#),
  (#"{"a":1}"#, "[]", #"{"a":1}"#),
]

@Suite struct JSONPatchTests {
  @Test(arguments: appendixA)
  func patchesAsRFC6902Says(document: String, patch: String, expected: String) throws {
    #expect(try JSONPatch.apply(Array(patch.utf8), to: json(document)) == json(expected))
  }

  @Test(arguments: refused)
  func refusesWhatCannotBeApplied(document: String, patch: String, expected: JSONPatchError) throws {
    let document = try json(document)
    #expect(throws: expected) { try JSONPatch.apply(Array(patch.utf8), to: document) }
  }

  @Test func aTestTellsApartWhatOnlyLooksTheSame() throws {
    let document = try json("{\"a\":\"\u{E9}\"}")
    let patch = "[{\"op\":\"test\",\"path\":\"/a\",\"value\":\"e\u{301}\"}]"
    #expect(throws: JSONPatchError.testFailed(path: "/a", index: 0)) {
      try JSONPatch.apply(Array(patch.utf8), to: document)
    }
  }

  /// RFC 6901 §5: the document's members by their pointers.
  @Test(arguments: [
    ("", []), ("/foo", ["foo"]), ("/foo/0", ["foo", "0"]), ("/", [""]), ("/a~1b", ["a/b"]), ("/c%d", ["c%d"]),
    ("/e^f", ["e^f"]), ("/g|h", ["g|h"]), ("/i\\j", ["i\\j"]), ("/k\"l", ["k\"l"]), ("/ ", [" "]), ("/m~0n", ["m~n"]),
    ("/~01", ["~1"]), ("/postern.io~1users", ["postern.io/users"]), ("/é/", ["é", ""]),
  ])
  func pointersAreReadAndWritten(text: String, tokens: [String]) {
    #expect(JSONPointer(parsing: text)?.tokens == tokens)
    #expect(JSONPointer(tokens: tokens).text == text)
  }

  @Test func thePatchWriterWritesWhatApplyTakes() throws {
    var patch = PatchWriter()
    #expect(patch.isEmpty)
    patch.add(JSONPointer("a/b", "-")) { $0.string("x\"\u{1}é") }
    patch.replace(JSONPointer("c")) { $0.raw(Array("[1.50]".utf8)) }
    patch.remove(JSONPointer("d~"))
    #expect(!patch.isEmpty)
    let document = try json(#"{"a/b":[],"c":0,"d~":0}"#)
    #expect(try JSONPatch.apply(patch.finished(), to: document) == json(#"{"a/b":["x\"\u0001é"],"c":[1.50]}"#))
    #expect(PatchWriter().finished() == Array("[]".utf8))
  }
}

private let refused: [(String, String, JSONPatchError)] = [
  // A.9, A.12, A.13, A.15
  (#"{"baz":"qux"}"#, #"[{"op":"test","path":"/baz","value":"bar"}]"#, .testFailed(path: "/baz", index: 0)),
  (#"{"foo":"bar"}"#, #"[{"op":"add","path":"/baz/bat","value":"qux"}]"#, .notFound(path: "/baz/bat", index: 0)),
  (#"{"foo":"bar"}"#, #"[{"op":"spam","path":"/baz"}]"#, .malformed(index: 0)),
  (#"{"/":9,"~1":10}"#, #"[{"op":"test","path":"/~01","value":"10"}]"#, .testFailed(path: "/~01", index: 0)),
  // Cases that the appendix does not have.
  (#"{"a":1}"#, #"[{"op":"remove","path":"/b"}]"#, .notFound(path: "/b", index: 0)),
  (#"{"a":1}"#, #"[{"op":"replace","path":"/b","value":1}]"#, .notFound(path: "/b", index: 0)),
  (#"{"a":[1]}"#, #"[{"op":"add","path":"/a/2","value":1}]"#, .invalidIndex(path: "/a/2", index: 0)),
  (#"{"a":[1]}"#, #"[{"op":"remove","path":"/a/1"}]"#, .invalidIndex(path: "/a/1", index: 0)),
  (#"{"a":[1,2]}"#, #"[{"op":"remove","path":"/a/01"}]"#, .invalidIndex(path: "/a/01", index: 0)),
  (#"{"a":[1,2]}"#, #"[{"op":"remove","path":"/a/-"}]"#, .invalidIndex(path: "/a/-", index: 0)),
  (#"{"a":[1,2]}"#, #"[{"op":"remove","path":"/a/+1"}]"#, .invalidIndex(path: "/a/+1", index: 0)),
  (#"{"a":[]}"#, #"[{"op":"remove","path":"/a/0"}]"#, .invalidIndex(path: "/a/0", index: 0)),
  (#"{"a":{"b":1}}"#, #"[{"op":"move","from":"/a","path":"/a/b"}]"#, .moveIntoItself(path: "/a", index: 0)),
  (#"{"a":1}"#, #"[{"op":"add","path":"a","value":1}]"#, .malformed(index: 0)),
  (#"{"a":1}"#, #"[{"op":"add","path":"/~2","value":1}]"#, .malformed(index: 0)),
  (#"{"a":1}"#, #"[{"op":"add","path":"/~","value":1}]"#, .malformed(index: 0)),
  (#"{"a":1}"#, #"[{"op":"remove","path":"/a"},{"op":"add","path":"/a"}]"#, .malformed(index: 1)),
  (#"{"a":1}"#, #"{"op":"remove","path":"/a"}"#, .malformed(index: nil)),
  (#"{"a":1}"#, "[", .json(JSONError(.unexpectedEnd, at: 1))),
]
