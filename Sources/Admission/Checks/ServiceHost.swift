/// The Service that a host in a namespace names (Kubernetes docs, "DNS for Services and Pods").
package struct ServiceHost: Equatable, Sendable {
  /// The Service's name.
  package let service: String
  /// Whether the host is one Pod's, which only a headless Service gives a name.
  package let isOfPod: Bool

  /// Nil where the host is not known to be a Service of this namespace: an address, another namespace, a name outside
  /// of the cluster.
  package init?(_ host: String, namespace: String) {
    let host = host.lowercased()
    var labels = host.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map(Substring.init)
    if labels.last?.isEmpty == true { labels.removeLast() }
    guard !host.utf8.contains(UInt8(ascii: ":")), !labels.isEmpty, !labels.allSatisfy({ UInt8($0) != nil }) else {
      return nil
    }
    if labels.count == 1 {
      self.init(service: String(labels[0]), isOfPod: false)
      return
    }
    let found = [1, 2].first { place in
      labels.count > place && labels[place] == namespace
        && (labels.count == place + 1 || labels[place + 1] == "svc")
    }
    guard let place = found else { return nil }
    self.init(service: String(labels[place - 1]), isOfPod: place == 2)
  }

  private init(service: String, isOfPod: Bool) { (self.service, self.isOfPod) = (service, isOfPod) }
}
