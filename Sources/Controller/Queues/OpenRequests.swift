/// The requests that have not ended, at most so many at once. A namespace may have as many as there are places left, so that those
/// that hang there, and in some others, leave places to all. They count until they end, whatever becomes of the Pods that they
/// are about.
struct OpenRequests: Sendable {
  private let maximum: Int
  /// By the Pod's UID.
  private var namespaces: [String: String] = [:]

  init(_ maximum: Int) { self.maximum = maximum }

  var isFull: Bool { namespaces.count >= maximum }

  func hasRoom(in namespace: String) -> Bool {
    namespaces.values.count { $0 == namespace } < maximum - namespaces.count
  }

  func contains(_ uid: String) -> Bool { namespaces[uid] != nil }

  mutating func begin(_ uid: String, in namespace: String) { namespaces[uid] = namespace }

  mutating func end(_ uid: String) { namespaces[uid] = nil }
}
