package import DatabaseSpec
import Declarations
package import KubernetesAPI

/// Why a script must not run, one line each, which begins with "its text"; none where the script is fine. No word of it
/// is shown.
/// - Parameter isTransaction: whether it runs in one transaction.
package func scriptRefusals(_ sql: String, isTransaction: Bool) -> [String] {
  ScriptChecks(secret: sql, named: nil, isTransaction: isTransaction, field: "").findings.causes.map(\.message)
}

/// What is wrong with a script whose text is in a ConfigMap, as if it stood in the declaration.
/// - Parameters:
///   - spec: what is declared, as far as it could be read.
///   - serverVersion: the image's major version, if it is known.
package func scriptFindings(
  _ sql: String, of script: Script, from source: ObjectKey, for database: PostgresName, in spec: InstanceSpec,
  serverVersion: Int?, field: String
) -> (causes: [StatusCause], warnings: [String]) {
  let findings = ScriptChecks(
    sql, named: "script \(quoted(script.name)) (ConfigMap \(source.name), \(source.key))",
    isTransaction: script.transaction,
    OwnerLimits(of: database, in: DeclaredNames(spec), serverVersion: serverVersion),
    serverVersion: serverVersion, field: field
  ).findings
  return (findings.causes, findings.warnings)
}
