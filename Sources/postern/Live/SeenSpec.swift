import Contract
import DatabaseSpec
import JSONBytes
import OpenSSL
import TextEncoding

/// What the list keeps of ConfigMap `<customer>-pg-spec`.
struct SeenSpec: Sendable {
  let name: CustomerName
  /// SHA-256 of `spec.json`, in hexadecimal.
  let hash: String
  let users: Int
  let databases: Int
  let outline: SpecOutline
  /// What the controller has noted that is not carried out, a line each.
  let problems: [String]

  /// Nil where it is another ConfigMap, or one that cannot be read.
  init?(_ object: JSONValue) {
    guard let (name, spec, hash) = Self.read(object) else { return nil }
    self.name = name
    self.hash = hash
    users = spec.users.count { $0.ensure == .present }
    databases = spec.databases.count
    outline = SpecOutline(spec)
    let noted = object["metadata"]?["annotations"]?[AnnotationKey.problems]?.string ?? ""
    problems = noted.split(whereSeparator: \.isNewline).map(String.init)
  }

  /// The whole spec, and its hash.
  static func read(_ object: JSONValue) -> (CustomerName, InstanceSpec, hash: String)? {
    let metadata = object["metadata"]
    guard let namespace = metadata?["namespace"]?.string,
      let customer = metadata?["labels"]?[AnnotationKey.customerLabel]?.string,
      metadata?["name"]?.string == ObjectName.spec(customer: customer),
      let text = object["data"]?[VolumeLayout.specFile]?.string
    else { return nil }
    let bytes = Array(text.utf8)
    do throws(SpecError) {
      let spec = try InstanceSpec(decoding: bytes)
      let name = CustomerName(namespace: namespace, customer: customer)
      return (name, spec, Hex.encoded(Digest.sha256(bytes)))
    } catch {
      return nil
    }
  }
}
