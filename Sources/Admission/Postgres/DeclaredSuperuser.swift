import Contract
import DatabaseSpec
package import Declarations
import KubernetesAPI

/// Refuses the superuser as a declared user, as the name that one had, and as the second login of one whose password
/// turns. The superuser's objects belong to the server.
package struct DeclaredSuperuser {
  private let name: String
  private let what: String

  /// - Parameters:
  ///   - name: the superuser's name.
  ///   - source: what says so.
  package init(_ name: String, by source: String) {
    self.name = name
    what = "\(quoted(name)) is the superuser of this Postgres, by \(source)"
  }

  /// The places in `postern.io/users`, such as `[2].rotate`, and what is wrong there.
  package func faults(in result: DeclarationResult) -> [(path: String, message: String)] {
    var faults: [(path: String, message: String)] = []
    for user in result.readable?.spec.users ?? [] {
      guard let index = entry(of: user.name.text, in: result) else { continue }
      if isSuperuser(user.renamedFrom) { faults.append(("[\(index)].renamedFrom", "\(what): remove renamedFrom")) }
      if user.rotate != nil, isSuperuser(user.name.secondLogin) {
        faults.append(
          (
            "[\(index)].rotate",
            "\(what), and cannot be the second login of \(quoted(user.name.text)): choose another name, or remove rotate"
          ))
      }
    }
    if let index = entry(of: name, in: result) { faults.append(("[\(index)]", "\(what): declare another user")) }
    return faults
  }

  private func isSuperuser(_ other: PostgresName?) -> Bool { other?.text.utf8.elementsEqual(name.utf8) == true }

  /// The index of the entry of `postern.io/users` that declares a user with this name.
  private func entry(of user: String, in result: DeclarationResult) -> Int? {
    if let outline = result.outline { return outline.users.first { $0.key.text.utf8.elementsEqual(user.utf8) }?.value }
    return result.declaration?.spec.users.firstIndex { $0.name.text.utf8.elementsEqual(user.utf8) }
  }
}

func declaredSuperuser(_ object: CustomerObject, _ reading: DeclarationReading, _ pod: InjectablePod) -> [StatusCause] {
  guard let name = pod.admin?.superuserName else { return [] }
  let field = "\(reading.contentField)metadata.annotations[\(AnnotationKey.users)]"
  return DeclaredSuperuser(name, by: "its container's variables").faults(in: reading.declared).map {
    StatusCause(field: field + $0.path, message: $0.message)
  }
}
