import JSONBytes

/// The Secrets without which a Pod does not start.
enum PodSecrets {
  static func needed(by pod: JSONValue) -> [String] {
    let spec = pod["spec"]
    var names: [String] = []
    func need(_ name: JSONValue?, _ optional: JSONValue?) {
      guard let name = name?.string, optional != .bool(true), !names.contains(name) else { return }
      names.append(name)
    }
    for volume in spec?["volumes"]?.array ?? [] {
      need(volume["secret"]?["secretName"], volume["secret"]?["optional"])
      for source in volume["projected"]?["sources"]?.array ?? [] {
        need(source["secret"]?["name"], source["secret"]?["optional"])
      }
    }
    for container in pod.podContainers {
      for source in container["envFrom"]?.array ?? [] {
        need(source["secretRef"]?["name"], source["secretRef"]?["optional"])
      }
      for variable in container["env"]?.array ?? [] {
        let reference = variable["valueFrom"]?["secretKeyRef"]
        need(reference?["name"], reference?["optional"])
      }
    }
    return names
  }
}
