import Admission
import JSONBytes
import Testing

/// What the admin says of the sidecar: where its image comes from, and whom it runs as.
@Suite struct SidecarSettingsTests {
  private func injected(
    _ object: JSONValue, _ change: (inout AdmissionSettings) -> Void
  ) throws -> (pod: JSONValue, sidecar: JSONValue) {
    var settings = testSettings
    change(&settings)
    let admitted = try post(object, .mutate, settings: settings).admitted(object)
    return (admitted, try #require(admitted.at("spec", "initContainers")?.array?.last))
  }

  @Test(arguments: [
    ("", ["mirror"]), (#","imagePullSecrets":null"#, ["mirror"]), (#","imagePullSecrets":[]"#, ["mirror"]),
    (#","imagePullSecrets":[{"name":"own"}]"#, ["own", "mirror"]),
    (#","imagePullSecrets":[{"name":"mirror"},{"name":"own"}]"#, ["mirror", "own"]),
  ])
  func thePullSecretIsOneMore(spec: String, names: [String]) throws {
    let object = try pod(spec: spec)
    let admitted = try injected(object) { $0.imagePullSecret = "mirror" }.pod
    #expect(admitted.at("spec", "imagePullSecrets")?.array?.compactMap { $0["name"]?.string } == names)
    #expect(try injected(object) { _ in }.pod.at("spec", "imagePullSecrets") == object.at("spec", "imagePullSecrets"))
  }

  @Test func thePullPolicyIsTheAdmins() throws {
    #expect(try injected(pod(spec: "")) { _ in }.sidecar["imagePullPolicy"] == nil)
    #expect(try injected(pod(spec: "")) { $0.imagePullPolicy = .never }.sidecar["imagePullPolicy"]?.string == "Never")
  }

  /// OpenShift gives a user of the namespace's range to containers that name none, and refuses others.
  static let users: [(spec: String, metadata: String, user: AdmissionSettings.SidecarUser, expected: String?)] = [
    ("", "", .fixed, "65532"), ("", "", .namespace, nil),
    ("", #","annotations":{"openshift.io/scc":"restricted-v2"}"#, .fixed, nil),
    // The Pod's user would be the sidecar's, which is not to run as root.
    (#","securityContext":{"runAsUser":0}"#, "", .namespace, "65532"),
    (
      #","securityContext":{"runAsUser":0}"#, #","annotations":{"openshift.io/scc":"anyuid"}"#, .fixed, "65532"
    ),
    (#","securityContext":{"runAsUser":1000680000}"#, "", .namespace, "1000680000"),
    (
      #","securityContext":{"runAsUser":1000680000}"#, #","annotations":{"openshift.io/scc":"restricted-v2"}"#, .fixed,
      "1000680000"
    ),
  ]

  @Test(arguments: users)
  func noUserIsNamedWhereTheNamespaceGivesOne(
    spec: String, metadata: String, user: AdmissionSettings.SidecarUser, expected: String?
  ) throws {
    let (_, sidecar) = try injected(pod(spec: spec, metadata: metadata)) { $0.sidecarUser = user }
    #expect(sidecar.at("securityContext", "runAsUser") == expected.map { .number($0) })
    #expect(sidecar.at("securityContext", "runAsNonRoot") == .bool(true))
  }
}
