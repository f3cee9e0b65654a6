/// The requests that have not ended, at most so many at once, and so many in one namespace, so that those that hang there hold
/// up no others. They count until they end, whatever becomes of the Pods that they are about.
struct OpenRequests: Sendable {
  private let maximum: Int
  private let maximumOfNamespace: Int
  /// By the Pod's UID.
  private var namespaces: [String: String] = [:]

  init(_ maximum: Int, ofNamespace maximumOfNamespace: Int) {
    (self.maximum, self.maximumOfNamespace) = (maximum, maximumOfNamespace)
  }

  var isFull: Bool { namespaces.count >= maximum }

  func hasRoom(in namespace: String) -> Bool { namespaces.values.count { $0 == namespace } < maximumOfNamespace }

  func contains(_ uid: String) -> Bool { namespaces[uid] != nil }

  mutating func begin(_ uid: String, in namespace: String) { namespaces[uid] = namespace }

  mutating func end(_ uid: String) { namespaces[uid] = nil }
}
