import Declarations

/// Whether the host in connection Secrets leads to Postgres.
package enum ServiceFit {
  /// What is wrong, in a clause for people; nil where clients reach Postgres, as far as the Service shows.
  /// - Parameters:
  ///   - service: the Service that the host names; nil where there is none.
  ///   - port: the port in connection Secrets, which Postgres listens on; nil where it is not known.
  package static func fault(
    of service: ServiceFacts?, for host: ServiceHost, _ labels: PodLabels, port: Int?, isReplicated: Bool
  ) -> String? {
    guard let service else { return "there is no Service \(quoted(host.service))" }
    // Somebody else says where it leads.
    guard !service.isExternal, !service.selector.isEmpty else { return nil }
    let name = "Service \(quoted(service.name))"
    if let pair = labels.missing(from: service.selector, isReplicated: isReplicated) {
      return "\(name) selects \(pair.key)=\(pair.value), which these Pods do not have"
    }
    if service.isHeadless { return nil }
    if host.isOfPod { return "\(name) gives its Pods no names, as it has no clusterIP: None" }
    guard let port else { return nil }
    let ports = service.ports.filter { $0.number == port }
    guard !ports.isEmpty else { return "\(name) has no port \(port)" }
    guard let target = ports.compactMap(\.target).first(where: { $0 != port }) else { return nil }
    return "\(name) sends port \(port) to \(target), and Postgres has \(port)"
  }
}
