import Admission
import JSONBytes
import Testing

/// A Pod that is Guaranteed remains Guaranteed with the sidecar. In any other Pod the sidecar has its small requests.
@Suite struct QualityOfServiceTests {
  private static let whole =
    #","resources":{"requests":{"cpu":"2","memory":"4Gi"},"limits":{"cpu":"2","memory":"4Gi"}}"#
  private static let limits = #","resources":{"limits":{"cpu":"2","memory":"4Gi"}}"#

  private func resources(
    _ container: String, spec: String = "", annotations: String = "{}", settings: AdmissionSettings = testSettings
  ) throws -> (sidecar: JSONValue?, pod: JSONValue) {
    let object = try pod(container: container, spec: spec, metadata: #","annotations":\#(annotations)"#)
    let admitted = try post(object, .mutate, settings: settings).admitted(object)
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
    (#","resources":{"limits":{"cpu":"0","memory":"4Gi"}}"#, ""),
    (whole, #","initContainers":[{"name":"i","image":"i"}]"#),
  ])
  func anyOtherKeepsSmallRequests(container: String, spec: String) throws {
    let (sidecar, _) = try resources(container, spec: spec)
    #expect(sidecar == (try json(#"{"requests":{"cpu":"5m","memory":"8Mi"},"limits":{"memory":"16Mi"}}"#)))
  }

  /// `1` is `1000m`, also as a number: what `inject` reads is as it was written.
  @Test(arguments: [
    #"{"requests":{"cpu":1,"memory":"1Gi"},"limits":{"cpu":"1000m","memory":"1024Mi"}}"#,
    #"{"requests":{"cpu":"0.5","memory":1000000},"limits":{"cpu":"500m","memory":"1M"}}"#,
  ])
  func amountsAreComparedByWhatTheyAre(resources text: String) throws {
    let (sidecar, _) = try resources(#","resources":\#(text)"#)
    #expect(sidecar?["requests"] == sidecar?["limits"])
  }

  /// A quota on limits.cpu asks each container for one.
  @Test func whereAllHaveALimitOfCPUTheSidecarHasOne() throws {
    let limited = #","resources":{"requests":{"cpu":"1"},"limits":{"cpu":"2","memory":"4Gi"}}"#
    let (sidecar, _) = try resources(limited)
    #expect(sidecar == (try json(#"{"requests":{"cpu":"5m","memory":"8Mi"},"limits":{"cpu":"100m","memory":"16Mi"}}"#)))
    #expect(
      try resources(limited, spec: #","initContainers":[{"name":"i","image":"i"}]"#).sidecar?["limits"]?["cpu"] == nil)
  }

  /// What the Pod has as a whole is shared, and its containers' requests may take all of it.
  @Test(arguments: [
    (#"{"requests":{"cpu":"1","memory":"1Gi"}}"#, "{}"),
    (#"{"limits":{"cpu":"1"}}"#, #"{"requests":{"memory":"8Mi"},"limits":{"memory":"16Mi"}}"#),
    ("{}", #"{"requests":{"cpu":"5m","memory":"8Mi"},"limits":{"memory":"16Mi"}}"#),
    ("null", #"{"requests":{"cpu":"5m","memory":"8Mi"},"limits":{"memory":"16Mi"}}"#),
  ])
  func ofWhatThePodSharesTheSidecarAsksForNothing(pod: String, expected: String) throws {
    #expect(try resources("", spec: #","resources":\#(pod)"#).sidecar == (try json(expected)))
  }

  @Test(arguments: ["", whole])
  func annotationsOfThePodSayBoth(container: String) throws {
    let annotations = #"{"postern.io/sidecar-cpu":"10m","postern.io/sidecar-memory":" 32Mi "}"#
    let expected = try json(#"{"requests":{"cpu":"10m","memory":"32Mi"},"limits":{"cpu":"10m","memory":"32Mi"}}"#)
    #expect(try resources(container, annotations: annotations).sidecar == expected)
    var settings = testSettings
    settings.sidecarResources = try SidecarResources(parsing: "cpu=1,memory=1Gi")
    #expect(try resources(container, annotations: annotations, settings: settings).sidecar == expected)
  }

  /// On the workload itself they would do nothing.
  @Test func onAWorkloadTheyBelongToTheTemplate() throws {
    for key in ["postern.io/sidecar-cpu", "postern.io/sidecar-memory"] {
      let value = key.hasSuffix("cpu") ? "10m" : "32Mi"
      let object = try deployment(annotations: #"{"\#(key)":"\#(value)"}"#)
      #expect(try post(object, .validate).fields == ["metadata.annotations[\(key)]"])
    }
  }

  @Test(arguments: [
    ("limits.cpu=100m", #"{"requests":{"cpu":"5m","memory":"8Mi"},"limits":{"cpu":"100m","memory":"16Mi"}}"#),
    ("cpu=50m, memory=64Mi", #"{"requests":{"cpu":"50m","memory":"64Mi"},"limits":{"cpu":"50m","memory":"64Mi"}}"#),
    ("requests.cpu=none,memory=none", "{}"),
    ("requests.memory=none,limits.memory=none", #"{"requests":{"cpu":"5m"}}"#),
  ])
  func theAdminSaysOtherwise(text: String, expected: String) throws {
    var settings = testSettings
    settings.sidecarResources = try SidecarResources(parsing: text)
    #expect(try resources("", settings: settings).sidecar == (try json(expected)))
    let (sidecar, _) = try resources(Self.whole, settings: settings)
    #expect(sidecar?["requests"] == sidecar?["limits"] && sidecar?.at("limits", "cpu") != nil)
  }

  @Test(arguments: [
    ("", "is none of"), ("cpu", "is none of"), ("cpus=1", "is none of"), ("cpu=1=2", "is none of"),
    ("limits.cpu=fast", "an amount such as 50m"), ("memory=64", "expected 8Mi or more"),
    ("memory=64m", "expected 8Mi or more"), ("cpu=0", "expected 1m or more"),
    ("requests.memory=64Mi", "more than limits.memory"),
  ])
  func theAdminIsToldWhatIsWrong(text: String, says: String) throws {
    let problem = #expect(throws: SidecarResources.Problem.self) { try SidecarResources(parsing: text) }
    #expect(problem?.message.contains(says) == true, "\(problem?.message ?? "")")
  }
}
