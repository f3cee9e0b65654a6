import Contract
import JSONBytes

/// What the metadata of a Secret says of it. Its values are never asked for.
struct UserSecret: Equatable, Sendable {
  let name: String
  /// When the password was last written, as far as the API server has noted it: at the latest then.
  let passwordWritten: String?

  init(_ object: JSONValue) {
    let metadata = object["metadata"]
    name = metadata?["name"]?.string ?? ""
    let times = (metadata?["managedFields"]?.array ?? []).filter {
      $0["fieldsV1"]?["f:data"]?["f:\(SecretKey.password)"] != nil
    }.compactMap { $0["time"]?.string }
    // Without such a note, nobody has written it since it was made.
    passwordWritten = times.max() ?? metadata?["creationTimestamp"]?.string
  }
}
