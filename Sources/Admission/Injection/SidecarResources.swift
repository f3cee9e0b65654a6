import Declarations

/// The sidecar's `resources`.
package struct SidecarResources: Equatable, Sendable {
  package var requests: ResourceAmounts
  package var limits: ResourceAmounts

  /// The defaults.
  static let standard = Self(
    requests: ResourceAmounts(cpu: ResourceQuantity("5m"), memory: ResourceQuantity("8Mi")),
    limits: ResourceAmounts(memory: ResourceQuantity("16Mi")))
  /// Its limits in a Guaranteed Pod, where they are also its requests.
  private static let guaranteed = ResourceAmounts(cpu: ResourceQuantity("50m"), memory: ResourceQuantity("32Mi"))
  /// Its limit of CPU in a Pod in which every container has one, because a ResourceQuota may require that.
  private static let limitedCPU = ResourceQuantity("100m")

  /// The sidecar's resources in a Pod.
  /// - Parameters:
  ///   - chosen: the admin's choice; nil: none.
  ///   - declared: the amounts in the Pod's annotations.
  init(_ chosen: Self?, in pod: PodContainers, _ declared: Declaration) {
    self = chosen ?? .standard
    if pod.isGuaranteed {
      limits.cpu = limits.cpu ?? Self.guaranteed.cpu
      limits.memory = chosen?.limits.memory ?? Self.guaranteed.memory
      requests = limits
    } else if chosen == nil, pod.isCPULimited {
      limits.cpu = Self.limitedCPU
    }
    // Resources of the Pod as a whole are shared, and the requests of all containers must fit into them.
    if pod.sharedResources.contains("cpu") { (requests.cpu, limits.cpu) = (nil, nil) }
    if pod.sharedResources.contains("memory") { (requests.memory, limits.memory) = (nil, nil) }
    if let cpu = declared.sidecarCPU { (requests.cpu, limits.cpu) = (cpu, cpu) }
    if let memory = declared.sidecarMemory { (requests.memory, limits.memory) = (memory, memory) }
  }

  private init(requests: ResourceAmounts, limits: ResourceAmounts) {
    self.requests = requests
    self.limits = limits
  }
}

extension SidecarResources {
  /// The error in a text that should contain amounts.
  package struct Problem: Error, Equatable {
    package let message: String
  }

  /// Reads `requests.cpu=5m,limits.cpu=100m,memory=32Mi`. An amount that is not named is that of ``standard``; a name
  /// without `requests` or `limits` sets both; and `none` leaves one out.
  package init(parsing text: String) throws(Problem) {
    self = .standard
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let sides = part.split(separator: "=", omittingEmptySubsequences: false).map { String($0.filter { $0 != " " }) }
      guard sides.count == 2, let places = Self.places[sides[0]] else {
        throw Problem(
          message:
            "\(quoted(String(part))) is none of \(Self.places.keys.sorted().joined(separator: ", ")), with = and an amount"
        )
      }
      for place in places { self[keyPath: place] = try Self.amount(sides[1], of: sides[0]) }
    }
    for (name, request, limit) in [
      ("cpu", requests.cpu, limits.cpu), ("memory", requests.memory, limits.memory),
    ] {
      guard let request, let limit, request.value > limit.value else { continue }
      throw Problem(message: "requests.\(name) is \(request.text), more than limits.\(name), which is \(limit.text)")
    }
  }

  private static var places: [String: [WritableKeyPath<Self, ResourceQuantity?>]] {
    [
      "requests.cpu": [\.requests.cpu], "requests.memory": [\.requests.memory], "limits.cpu": [\.limits.cpu],
      "limits.memory": [\.limits.memory], "cpu": [\.requests.cpu, \.limits.cpu],
      "memory": [\.requests.memory, \.limits.memory],
    ]
  }

  private static func amount(_ text: String, of name: String) throws(Problem) -> ResourceQuantity? {
    guard text != "none" else { return nil }
    guard let quantity = ResourceQuantity(text) else {
      throw Problem(message: "\(name) is \(quoted(text)); an amount such as 50m or 32Mi, or none, is expected")
    }
    if let problem = name.hasSuffix("cpu") ? quantity.problemAsCPU : quantity.problemAsMemory {
      throw Problem(message: "\(name): \(quoted(text)) \(problem)")
    }
    return quantity
  }
}
