import Admission
import Testing

/// One path, however it is written.
@Suite struct MountPathTests {
  @Test(arguments: [
    ("/bindings/acme", "/bindings/acme"), ("/bindings/acme/", "/bindings/acme"), ("/bindings//acme", "/bindings/acme"),
    ("/bindings/./acme", "/bindings/acme"), ("/bindings/x/../acme", "/bindings/acme"),
    ("bindings/acme", "/bindings/acme"),
    ("//bindings/acme/.", "/bindings/acme"), ("/../bindings/acme", "/bindings/acme"), ("/", "/"), ("//", "/"),
    ("", "/"),
    (".", "/"), ("/..", "/"), ("/.hidden", "/.hidden"), ("/a/..b", "/a/..b"), ("/a/.../b", "/a/.../b"),
    ("/é//x", "/é/x"),
  ])
  func aPathIsWhatTheKubeletMakesOfIt(path: String, clean: String) {
    #expect(MountPath.clean(path) == clean)
    #expect(MountPath.clean(clean) == clean)
  }

  @Test(arguments: [
    ("/a", "/a", true), ("/a/b", "/a", true), ("/ab", "/a", false), ("/a", "/a/b", false), ("/a", "/", true),
    ("/", "/", true),
    ("/", "/a", false),
  ])
  func whatIsBelowAFolder(path: String, folder: String, isBelow: Bool) {
    #expect(MountPath.isAtOrBelow(path, folder) == isBelow)
  }
}
