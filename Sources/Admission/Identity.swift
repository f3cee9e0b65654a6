import JSONBytes
import KubernetesAPI

/// Whom a container runs as, where its `securityContext`, or its Pod's, says so.
struct Identity: Equatable {
  private(set) var user: Int?
  private(set) var group: Int?

  init() {}

  init(_ reader: inout JSONReader) throws(JSONError) {
    guard try reader.entersObject() else { return }
    while let key = try reader.nextKey() {
      if reader.matches(key, "runAsUser") {
        user = try reader.optionalInteger()
      } else if reader.matches(key, "runAsGroup") {
        group = try reader.optionalInteger()
      } else {
        try reader.skip()
      }
    }
  }

  /// What it says, else what `pod` says.
  func inheriting(_ pod: Self) -> Self {
    var identity = self
    identity.user = user ?? pod.user
    identity.group = group ?? pod.group
    return identity
  }
}
