import Admission
import JSONBytes
import Testing

/// A Pod that is Guaranteed remains Guaranteed with the sidecar. In any other Pod the sidecar has its small requests.
@Suite struct QualityOfServiceTests {
  private static let whole =
    #","resources":{"requests":{"cpu":"2","memory":"4Gi"},"limits":{"cpu":"2","memory":"4Gi"}}"#
  private static let limits = #","resources":{"limits":{"cpu":"2","memory":"4Gi"}}"#

  private func resources(_ container: String, spec: String = "") throws -> (sidecar: JSONValue?, pod: JSONValue) {
    let object = try pod(container: container, spec: spec)
    let admitted = try post(object, .mutate).admitted(object)
    let sidecar = admitted.at("spec", "initContainers")?.array?.last
    #expect(sidecar?["name"]?.string == "postern")
    return (sidecar?["resources"], admitted)
  }

  @Test(
    arguments: [whole, limits], ["", #","initContainers":[{"name":"i","image":"i"\#(limits)}]"#])
  func aGuaranteedPodStaysGuaranteed(container: String, spec: String) throws {
    let (sidecar, _) = try resources(container, spec: spec)
    #expect(sidecar?["requests"] == sidecar?["limits"])
    #expect(sidecar?.at("limits", "cpu") != nil && sidecar?.at("limits", "memory") != nil)
  }

  @Test(arguments: [
    ("", ""), (#","resources":{}"#, ""), (#","resources":null"#, ""),
    (#","resources":{"limits":{"memory":"4Gi"}}"#, ""),
    (#","resources":{"requests":{"cpu":"1"},"limits":{"cpu":"2","memory":"4Gi"}}"#, ""),
    (whole, #","initContainers":[{"name":"i","image":"i"}]"#),
  ])
  func anyOtherKeepsSmallRequests(container: String, spec: String) throws {
    let (sidecar, _) = try resources(container, spec: spec)
    #expect(sidecar == (try json(#"{"requests":{"cpu":"5m","memory":"8Mi"},"limits":{"memory":"16Mi"}}"#)))
  }
}
