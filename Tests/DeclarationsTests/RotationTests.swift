import DatabaseSpec
import Testing

@testable import Declarations

/// `rotate` of a user.
@Suite struct RotationTests {
  private func parse(_ users: String, _ more: [String: String] = [:]) -> DeclarationResult {
    Declaration.parse(
      customer: "acme",
      annotations: ["postern.io/users": users, "postern.io/databases": "[{name: d, owner: shop}]"].merging(more) { $1 })
  }

  @Test(arguments: [
    ("30d", 30 * 86_400, 7 * 86_400), ("1h", 3_600, 1_800), ("366d", 366 * 86_400, 7 * 86_400),
    ("60m", 3_600, 1_800), ("{every: 30d}", 30 * 86_400, 7 * 86_400), ("{every: 1h, overlap: 5m}", 3_600, 300),
    ("{every: 30d, overlap: 15d}", 30 * 86_400, 15 * 86_400), ("{every: 12h, overlap: 360m}", 43_200, 21_600),
  ])
  func itIsRead(text: String, every: Int, overlap: Int) throws {
    let result = parse("[{name: shop, rotate: \(text)}]")
    #expect(result.errors == [])
    #expect(result.declaration?.spec.users[0].rotate == Rotation(every: every, overlap: overlap))
    #expect(result.declaration?.spec.users[0].rotate?.every == every)
    let spec = try #require(result.declaration?.spec)
    #expect(String(decoding: spec.encoded(), as: UTF8.self).hasPrefix(#"{"apiVersion":"postern.io/v1.2","#))
    #expect(try InstanceSpec(decoding: spec.encoded()) == spec)
  }

  @Test(arguments: [
    (
      "30", #""30" is no duration; expected a whole number with a unit, such as 30d, 12h or 30m"#,
      #"write the unit, too: "30d" for days"#
    ),
    ("monthly", #""monthly" is no duration; expected a whole number with a unit, such as 30d, 12h or 30m"#, nil),
    ("1.5d", #""1.5d" is no duration; expected a whole number with a unit, such as 30d, 12h or 30m"#, nil),
    ("-1d", #""-1d" is no duration; expected a whole number with a unit, such as 30d, 12h or 30m"#, nil),
    (
      "99999999999999999999d",
      #""99999999999999999999d" is no duration; expected a whole number with a unit, such as 30d, 12h or 30m"#, nil
    ),
    ("59m", "59m is too often", "write from 1h to 366d"), ("0d", "0 s is too often", "write from 1h to 366d"),
    ("367d", "367d is too seldom", "write from 1h to 366d"),
    ("{overlap: 7d}", #""every" is missing; expected a duration, or {every: DURATION, overlap: DURATION}"#, nil),
    ("{every: 1h, overlap: 4m}", "an overlap of 4m is too short", "write from 5m to half of every, which is 30m"),
    ("{every: 1h, overlap: 31m}", "an overlap of 31m is too long", "write from 5m to half of every, which is 30m"),
    (
      "{every: 30d, overlapp: 1d}", #"unknown key "overlapp" in a duration, or {every: DURATION, overlap: DURATION}"#,
      #"did you mean "overlap"?"#
    ),
  ])
  func itIsRefused(text: String, reason: String, hint: String?) {
    let errors = parse("[{name: shop, rotate: \(text)}]").errors
    #expect(errors.first?.reason == reason && errors.first?.hint == hint, "\(errors)")
    #expect(errors.count == 1)
  }

  @Test(arguments: [
    (
      "[shop, {name: pg, rotate: 30d}]",
      #"the second login of "pg" is to be called "pg_b": names that begin with pg_ are the server's own roles"#
    ),
    (
      "[{name: shop, rotate: 30d}, shop_b]",
      #"the second login of "shop" is to be called "shop_b", which is declared: "#
    ),
    (
      "[{name: shop, rotate: 30d}, {name: shop_b, ensure: absent}]",
      #"the second login of "shop" is to be called "shop_b", which is declared: "#
    ),
    ("[{name: shop, rotate: 30d}, {name: x, renamedFrom: shop_b}]", #"which is the name that a user had: "#),
    (
      "[shop, {name: \(String(repeating: "u", count: 62)), rotate: 30d}]",
      "is 62 bytes long; that of a user whose password turns has at most 61"
    ),
    (
      "[{name: shop, rotate: 30d, passwordFrom: {secret: s, key: k}}]",
      #"the password of "shop" comes from passwordFrom, and cannot turn by itself"#
    ),
  ])
  func whatKeepsAPasswordFromTurningIsRefused(users: String, reason: String) {
    let errors = parse(users).errors
    #expect(errors.count == 1 && errors[0].reason.contains(reason), "\(errors)")
    #expect(errors.first?.hint != nil)
  }

  @Test func withoutAPortItIsRefused() {
    let errors = parse("[{name: shop, rotate: 30d}]", ["postern.io/status-port": "none"]).errors
    #expect(errors.map(\.reason) == ["a password can turn only where the sidecar tells what became of it"])
  }

  @Test func aNameOf61BytesIsTaken() {
    #expect(parse("[shop, {name: \(String(repeating: "u", count: 61)), rotate: 1h}]").errors == [])
  }

  @Test func aUserOfAFlatFileIsRefusedAndItsNeighbour() throws {
    let result = parse("[{name: shop, rotate: 30d}]", ["postern.io/users-from": "s/k"])
    let declaration = try #require(result.declaration)
    func errors(_ text: String) throws -> [String] {
      let (file, _, _) = FlatFile.parse(Array(text.utf8), source: ObjectKey(name: "s", key: "k"))
      return declaration.adding(try #require(file)).errors.map(\.reason)
    }
    #expect(try errors("other:pw\n") == [])
    #expect(try errors("shop:pw\n") == [#"the password of "shop" is that of line 1 of s/k, and cannot turn by itself"#])
    #expect(
      try errors("a:x\nshop_b:pw\n") == [
        #"the second login of "shop" is to be called "shop_b", which is a user on line 2 of s/k"#
      ])
  }

  @Test func anAbsentUserTurnsNothing() {
    let result = parse("[shop, {name: gone, ensure: absent, rotate: 30d}]")
    #expect(result.errors == [] && result.declaration?.spec.users[1].rotate == nil)
    #expect(result.warnings.contains { $0.reason.contains("rotate has no effect") })
  }
}
