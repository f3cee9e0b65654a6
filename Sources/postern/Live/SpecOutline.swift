import DatabaseSpec
import OpenSSL

/// The hash of a spec without its scripts, by which a declaration is compared with what the controller has written.
struct SpecOutline: Equatable, Sendable {
  private let hash: [UInt8]

  init(_ spec: InstanceSpec) {
    var spec = spec
    for index in spec.databases.indices { spec.databases[index].scripts = [] }
    hash = Digest.sha256(spec.encoded())
  }
}
