import DatabaseSpec
import LibPQ
import Provisioning
import ThrowawayPostgres
import TestThreads
import Testing

/// Whatever parameters a role or a database has set, a script runs and is recorded.
@Suite(.blocking) struct OwnerSettingsTests {
  private static let settings = [
    "role = grp", "default_transaction_read_only = on", "default_transaction_isolation = serializable",
    "default_transaction_deferrable = on", "statement_timeout = '1ms'", "lock_timeout = '1ms'",
    "idle_in_transaction_session_timeout = '1ms'", "row_security = off", "search_path = grp_only",
    "quote_all_identifiers = on", "transform_null_equals = on", "array_nulls = off", "DateStyle = 'German'",
    "IntervalStyle = 'iso_8601'", "TimeZone = 'Asia/Kathmandu'", "bytea_output = 'escape'",
    "backslash_quote = off", "client_encoding = 'LATIN1'", "client_min_messages = error",
    "synchronous_commit = on", "default_tablespace = ''", "temp_buffers = 100", "plan_cache_mode = force_generic_plan",
    "extra_float_digits = -15", "check_function_bodies = off", "xmloption = document",
  ]

  @Test(arguments: PostgresInstallation.all)
  func noSettingKeepsAScriptFromBeingRecorded(_ installation: PostgresInstallation) throws {
    let bench = try ProvisionerBench(installation)
    try bench.user("grp")
    try bench.user("shop", memberOf: ["grp"])
    try bench.database("orders", owner: "shop")
    #expect(bench.pass().outcome == .converged)
    let admin = try bench.server.connect()
    try bench.server.connect(database: "orders").execute("GRANT CREATE ON SCHEMA public TO grp")
    for (index, setting) in Self.settings.enumerated() {
      for target in ["ROLE shop", "DATABASE orders", "ROLE shop IN DATABASE orders"] {
        // A role cannot be set for a database.
        guard !(setting.hasPrefix("role") && target == "DATABASE orders") else { continue }
        try admin.execute("ALTER \(target) SET \(setting)")
        let name = "\(index) \(target)"
        let scripts =
          (bench.desired.spec.databases.first?.scripts ?? []) + [
            bench.script(name, "CREATE TABLE public.\"\(name)\" (a text)")
          ]
        try bench.database("orders", owner: "shop", scripts: scripts)
        let report = bench.pass()
        #expect(report.outcome == .converged, "\(setting) for \(target): \(report.problems)")
        try admin.execute("ALTER \(target) RESET \(setting.split(separator: " ")[0])")
        #expect(bench.pass().applied == [], "\(setting) for \(target)")
      }
    }
  }
}
