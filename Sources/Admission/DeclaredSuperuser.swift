import Contract
import DatabaseSpec
import Declarations
import KubernetesAPI

/// Refuses the superuser as a declared user, as the name that one had, and as the second login of one whose password
/// turns. The superuser's objects belong to the server.
func declaredSuperuser(_ object: CustomerObject, _ reading: DeclarationReading, _ pod: InjectablePod) -> [StatusCause] {
  guard let name = pod.admin?.superuserName else { return [] }
  func isSuperuser(_ other: PostgresName?) -> Bool { other?.text.utf8.elementsEqual(name.utf8) == true }
  let field = "\(reading.contentField)metadata.annotations[\(AnnotationKey.users)]"
  let what = "\(quoted(name)) is the superuser of this Postgres, by its container's variables"
  var causes: [StatusCause] = []
  for user in reading.spec?.users ?? [] {
    guard let index = reading.entry(ofUser: user.name.text) else { continue }
    if isSuperuser(user.renamedFrom) {
      causes.append(StatusCause(field: "\(field)[\(index)].renamedFrom", message: "\(what): remove renamedFrom"))
    }
    if user.rotate != nil, isSuperuser(user.name.secondLogin) {
      causes.append(
        StatusCause(
          field: "\(field)[\(index)].rotate",
          message:
            "\(what), and cannot be the second login of \(quoted(user.name.text)): choose another name, or remove "
            + "rotate"))
    }
  }
  if let index = reading.entry(ofUser: name) {
    causes.append(StatusCause(field: "\(field)[\(index)]", message: "\(what): declare another user"))
  }
  return causes
}
