import DatabaseSpec
import LibPQ
import PostgresProvisioner
import Provisioning
import TestThreads
import Testing
import ThrowawayPostgres

/// How the server stores a user's `validUntil`.
@Suite(.blocking) struct ExpiryTests {
  /// Fractions of every length that the server rounds, especially ties, and the offsets and limits of the calendar.
  private static let times: [String] = {
    var random = SystemRandomNumberGenerator()
    var times = [
      "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2000-02-29T12:00:00-15:59", "1999-12-31T23:59:59+15:59",
    ]
    for digits in 1...9 {
      for _ in 0..<200 {
        let fraction = (0..<digits).map { _ in "\(Int.random(in: 0...9, using: &random))" }.joined()
        let end = digits == 7 ? "5" : digits > 7 ? ["49", "50", "51"].randomElement(using: &random) ?? "" : ""
        let year = Int.random(in: 1900...2200, using: &random)
        times.append("\(year)-02-28T23:59:59.\(fraction.dropLast(end.count))\(end)-03:30")
      }
    }
    return times
  }()

  @Test(arguments: PostgresInstallation.all)
  func aTimeIsTheOneThatTheServerMakesOfIt(_ installation: PostgresInstallation) throws {
    let server = try PostgresServer(installation)
    let rows = try server.connect().query(
      """
      SELECT (extract(epoch FROM t::timestamptz) * 1000000)::bigint
      FROM unnest($1::text[]) WITH ORDINALITY AS a(t, nr) ORDER BY nr
      """, [SQLText.array(Self.times)])
    for (row, text) in Self.times.enumerated() {
      let ours = Timestamp(rfc3339: text)
      if rows.value(row, 0) != ours.map({ "\($0.microseconds)" }) {
        Issue.record("\(text): \(ours?.rfc3339 ?? "nil"), the server says \(rows.value(row, 0) ?? "nil")")
      }
    }
  }

  @Test(arguments: PostgresInstallation.all)
  func moreDecimalsThanTheServerKeepsAreSetOnce(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("u", validUntil: "2027-01-01T00:00:00.1234567Z")
    #expect(bench.pass().outcome == .converged)
    #expect(bench.pass() == PassReport(outcome: .converged))
    #expect(try bench.plan() == [])
  }

  @Test(arguments: PostgresInstallation.all)
  func infinityReachesARoleThatWasThereBeforeAndNothingDeclaredDoesNot(
    _ installation: PostgresInstallation
  ) throws {
    let bench = try ProvisionerBench(installation)
    try bench.server.connect().execute(
      """
      CREATE ROLE a LOGIN VALID UNTIL '2020-01-01Z'; CREATE ROLE b LOGIN VALID UNTIL '2020-01-01Z';
      CREATE ROLE c LOGIN; CREATE ROLE d LOGIN VALID UNTIL '-infinity'
      """)
    for name in ["a", "c", "d", "made"] { try bench.user(name, validUntil: "infinity") }
    try bench.user("b")
    #expect(bench.pass().outcome == .converged)
    #expect(
      try bench.value("SELECT string_agg(rolname, ' ' ORDER BY rolname) FROM pg_roles WHERE rolvaliduntil < now()")
        == "b")
    let last = bench.pass()
    #expect(last.outcome == .converged)
    #expect(last.applied == [])
    #expect(last.problems.map(\.item) == ["user b"])
  }

  /// It is the server's greatest, beyond microseconds since 1970 in 64 bits.
  @Test(arguments: PostgresInstallation.all)
  func aRoleOfOthersWithTheGreatestExpiryStopsNoPass(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.server.connect().execute("CREATE ROLE monitoring VALID UNTIL '294276-12-31 23:59:59+00'")
    try bench.user("shop")
    #expect(bench.pass().outcome == .converged)
    #expect(try bench.value("SELECT count(*) FROM pg_roles WHERE rolname = 'shop'") == "1")
    try bench.user("monitoring", validUntil: "2030-01-01T00:00:00Z")
    #expect(bench.pass().outcome == .converged)
    #expect(bench.pass() == PassReport(outcome: .converged))
  }
}
