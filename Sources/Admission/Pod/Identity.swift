import JSONBytes
import KubernetesAPI

/// The user and group that a container runs as, if its or its Pod's `securityContext` names them.
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

  /// Its own values, or where it has none, those of `pod`.
  func inheriting(_ pod: Self) -> Self {
    var identity = self
    identity.user = user ?? pod.user
    identity.group = group ?? pod.group
    return identity
  }
}
