import KubernetesAPI

/// Why a script that an object holds is not run, a line each; none where it is fine. No word of it is shown.
/// - Parameter isTransaction: whether it runs in one transaction.
public func scriptRefusals(_ sql: String, named name: String, isTransaction: Bool) -> [String] {
  ScriptChecks(secret: sql, named: name, isTransaction: isTransaction, field: "").findings.causes.map(\.message)
}
