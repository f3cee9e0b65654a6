import Admission
import FoundationEssentials

/// The server that the Pod's Postgres container would make from its variables and files. The sidecar's settings are not
/// used for it: if they differ, the sidecar fails here as it would in a cluster.
struct TrialServer: Equatable {
  let superuser: String
  /// Nil where the container has none; then nobody can log in with a password.
  let password: String?
  let trustsLoopback: Bool

  /// - Parameter environment: the container's, with the paths that files have on this machine.
  init(_ image: PostgresImage, environment: [String: String]) throws(CommandError) {
    let reader = Reader(image: image, environment: environment)
    superuser = try reader.value(of: [image.superuserVariable].compactMap(\.self)) ?? image.defaultSuperuser
    let user = try reader.value(of: image.applicationUserVariables)
    let variables = image.passwordVariables(applicationUser: user)
    password = try reader.value(of: variables)
    // What is not known is taken as in the official image.
    trustsLoopback = image.trustsLoopback ?? true
    if password == nil, !trustsLoopback || reader.isMeant(variables) {
      throw .refused(
        "container \"\(image.container)\" gets no password for its superuser: \(variables.joined(separator: ", ")) would"
          + " hold it, and is empty or not there; its image would not start, or let nobody in")
    }
  }

  /// The container's variables, as its image reads them.
  private struct Reader {
    let image: PostgresImage
    let environment: [String: String]

    func value(of variables: [String]) throws(CommandError) -> String? {
      for variable in variables {
        let text = environment[variable].flatMap { $0.isEmpty ? nil : $0 }
        guard image.readsFiles, let path = environment[variable + "_FILE"], !path.isEmpty else {
          if let text { return text }
          continue
        }
        guard text == nil || !image.refusesBoth else {
          throw .refused(
            "container \"\(image.container)\" has both \(variable) and \(variable)_FILE, which its image refuses; remove one"
          )
        }
        if let text { return text }
        guard let content = try? String(contentsOfFile: path, encoding: .utf8) else {
          throw .refused(
            "container \"\(image.container)\": the file that \(variable)_FILE names is not there; mount the Secret that"
              + " holds it, or correct the path")
        }
        // Split as a shell does.
        return String(content.reversed().drop { $0.isNewline }.reversed())
      }
      return nil
    }

    /// Whether a password should come from one of these.
    func isMeant(_ variables: [String]) -> Bool {
      variables.contains { environment[$0] != nil || environment[$0 + "_FILE"] != nil }
    }
  }
}
