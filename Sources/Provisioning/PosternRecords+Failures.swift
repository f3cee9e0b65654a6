/// The record of items that failed while the instance was ready. If Postgres is restarted on the same data, these
/// failures do not make the Pod unready. It contains digests of the items and none of their words.
extension Postern {
  /// Creates the table, which few servers need.
  package static let createKnownFailures =
    ownDefaults + [
      """
      CREATE TABLE IF NOT EXISTS postern.known_failure \
      (customer text COLLATE "C", item text COLLATE "C", PRIMARY KEY (customer, item))
      """,
      "REVOKE ALL ON TABLE postern.known_failure FROM PUBLIC", closeNew,
    ]

  /// Whether the schema and all that is in it belong to superusers, and nothing of somebody else's is on the tables; and whether the
  /// table exists. There is no row where the schema does not exist.
  package static var knownFailuresState: CatalogQuery<(isOurs: Bool, isThere: Bool)> {
    CatalogQuery(
      "the state of the known failures",
      """
      SELECT \(additions(on: "to_regclass('postern.known_failure')::oid")) IS NULL AND (SELECT bool_and(rolsuper) FROM pg_authid WHERE oid IN (\(holders))),
        c.oid IS NOT NULL
      FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = 'known_failure'
      WHERE n.nspname = 'postern'
      """
    ) { row throws(CatalogMismatch) in (try row.isTrue(), try row.isTrue()) }
  }

  /// The digests of a customer's items.
  package static func knownFailures(of customer: String) -> CatalogQuery<String> {
    CatalogQuery(
      "the known failures", "SELECT item FROM postern.known_failure WHERE customer = $1", [customer]
    ) { row throws(CatalogMismatch) in try row.text() }
  }

  /// Adds and removes digests.
  package static func changeKnownFailures(of customer: String, adding: [String], removing: [String]) -> [String] {
    let customer = SQLText.literal(customer)
    return [unnoticed]
      + adding.map {
        "INSERT INTO postern.known_failure VALUES (\(customer), \(SQLText.literal($0))) ON CONFLICT DO NOTHING"
      }
      + removing.map {
        "DELETE FROM postern.known_failure WHERE customer = \(customer) AND item = \(SQLText.literal($0))"
      }
  }
}
