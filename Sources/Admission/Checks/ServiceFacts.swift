package import JSONBytes

/// A Service, as far as it decides whether clients reach Postgres through it.
package struct ServiceFacts: Equatable, Sendable {
  /// A port, and where it goes.
  package struct Port: Equatable, Sendable {
    package var number: Int
    /// Nil where it is a name, which each Pod resolves for itself.
    package var target: Int?

    /// A port that goes to `target`.
    package init(number: Int, target: Int?) {
      self.number = number
      self.target = target
    }
  }

  /// `metadata.name`
  package let name: String
  /// `spec.selector`; empty where somebody else says what it reaches.
  package let selector: [String: String]
  /// The ports for TCP.
  package let ports: [Port]
  /// Whether it has no address of its own, so that its name means the Pods' addresses.
  package let isHeadless: Bool
  /// Whether its name stands for a host outside of the cluster.
  package let isExternal: Bool

  /// Reads a Service. What has another form than the API server takes counts as missing.
  package init(_ object: JSONValue) {
    let spec = object["spec"]
    name = object["metadata"]?["name"]?.string ?? ""
    selector = spec?["selector"]?.texts ?? [:]
    ports = (spec?["ports"]?.array ?? []).compactMap { port in
      guard port["protocol"]?.string ?? "TCP" == "TCP", let number = port["port"]?.integer else { return nil }
      let target = port["targetPort"]
      return Port(number: number, target: target?.string == nil ? target?.integer ?? number : nil)
    }
    isHeadless = spec?["clusterIP"]?.string == "None"
    isExternal = spec?["type"]?.string == "ExternalName"
  }
}
