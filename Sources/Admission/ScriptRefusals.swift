import KubernetesAPI

/// Why a script must not run, one line each, which begins with "its text"; none where the script is fine. No word of it
/// is shown.
/// - Parameter isTransaction: whether it runs in one transaction.
package func scriptRefusals(_ sql: String, isTransaction: Bool) -> [String] {
  ScriptChecks(secret: sql, named: nil, isTransaction: isTransaction, field: "").findings.causes.map(\.message)
}
