import LibPQ
import PostgresProvisioner
import Provisioning
import ThrowawayPostgres
import TestThreads
import Testing

@Suite(.blocking) struct VerifierTests {
  /// From version 16 on, the server says how many iterations a verifier must have. If they are more than a pass would
  /// derive with, no verifier is made.
  @Test(arguments: PostgresInstallation.all)
  func aVerifierHasTheServersRoundsAndASaltOfItsOwn(_ installation: PostgresInstallation) throws {
    for (asked, made) in [(1, "1"), (5000, "5000"), (1_500_000, "1000000")] {
      let isAsked = installation.majorVersion >= 16
      let bench = try ProvisionerBench(installation, configuration: isAsked ? ["scram_iterations=\(asked)"] : [])
      try bench.user("shop", password: "same")
      try bench.user("analyst", password: "same")
      #expect(bench.pass().outcome == .converged)
      #expect(
        try bench.value(
          "SELECT split_part(split_part(rolpassword, ':', 1), '$', 2) FROM pg_authid WHERE rolname = 'shop'")
          == (isAsked ? made : "4096"))
      #expect(
        try bench.value(
          """
          SELECT count(DISTINCT split_part(split_part(rolpassword, '$', 2), ':', 2)) FROM pg_authid
          WHERE rolname IN ('shop', 'analyst')
          """) == "2")
      #expect(try bench.value("SELECT 1", in: "template1", as: "shop", password: "same") == "1")
      #expect(bench.pass() == PassReport(outcome: .converged))
      guard isAsked else { return }
    }
  }
}
