import Admission
import JSONBytes
import Testing

/// How far the webhook trusts its own mark on a Pod that is created with it. The mark is in what `postern inject` has
/// printed, in a Pod that passes the webhook a second time, and in what somebody has written or copied.
@Suite struct InjectedSidecarTests {
  /// A Pod as the webhook leaves it, and the path of the sidecar in it.
  private func injected(_ mode: AdmissionSettings.SidecarMode) throws -> (pod: JSONValue, sidecar: String) {
    let object = try pod()
    let admitted = try post(object, .mutate, settings: AdmissionSettings(sidecarMode: mode)).admitted(object)
    return (admitted, mode == .native ? "/spec/initContainers/0" : "/spec/containers/1")
  }

  /// A Deployment whose template has a Pod's `metadata` and `spec`.
  private func workload(of pod: JSONValue) throws -> JSONValue {
    try deployment(templateMetadata: pod["metadata"]?.text ?? "", podSpec: pod["spec"]?.text ?? "")
      .removing("/spec/template/metadata/name")
  }

  @Test(arguments: ["containers", "initContainers"])
  func aContainerOfOurNameUnderAForgedMarkIsRefused(list: String) throws {
    let index = list == "containers" ? 1 : 0
    let marked = try pod(metadata: #","annotations":{"postern.io/injected":"v1"}"#)
    let forged = try (list == "containers" ? marked : marked.adding("/spec/initContainers", "[]"))
      .adding("/spec/\(list)/-", #"{"name":"postern","image":"mine"}"#)
    let reply = try post(forged, .mutate)
    #expect(reply.fields == ["spec.\(list)[\(index)]"])
    let message = try #require(reply.causes.first?.message)
    #expect(message.contains("postern.io/injected") && message.contains("args"))
    for path in AdmissionPath.allCases {
      let workload = try workload(of: forged)
      #expect(try post(workload, path).fields == ["spec.template.spec.\(list)[\(index)]"])
      let scaled = try workload.adding("/spec/replicas", "2")
      #expect(try post(scaled, path, replacing: workload).isAllowed)
    }
  }

  /// Changes that make the container somebody else's; each is enough by itself.
  @Test(
    arguments: AdmissionSettings.SidecarMode.allCases,
    [
      ("/args", #"["ready"]"#, "args"), ("/args", "null", "args"), ("/env/0/value", #""other""#, "POSTERN_CUSTOMER"),
      ("/env", "[]", "POSTERN_CUSTOMER"), ("/volumeMounts/0/mountPath", #""/elsewhere""#, "volume"),
      ("/volumeMounts/0/name", #""mine""#, "volume"), ("/volumeMounts", "null", "volume"),
    ])
  func aSidecarThatCannotDoItsWorkIsRefused(
    mode: AdmissionSettings.SidecarMode, change: (path: String, value: String, says: String)
  ) throws {
    let (pod, sidecar) = try injected(mode)
    let changed = try pod.adding(sidecar + change.path, change.value)
    let causes = try post(changed, .mutate).causes
    #expect(causes.count == 1)
    #expect(causes.first?.message.contains(change.says) == true, "\(causes)")
    #expect(try !post(workload(of: changed), .validate).isAllowed)
  }

  /// Another webhook that does not know `restartPolicy` may drop it. Then the Pod would wait until the sidecar ends.
  @Test func aNativeSidecarWithoutItsRestartPolicyIsRefused() throws {
    let (pod, sidecar) = try injected(.native)
    let causes = try post(pod.removing("\(sidecar)/restartPolicy"), .mutate).causes
    #expect(causes.map(\.field) == ["spec.initContainers[0]"])
    #expect(causes.first?.message.contains("restartPolicy") == true)
  }

  /// Other webhooks, kustomize and the admin may change these.
  @Test(
    arguments: AdmissionSettings.SidecarMode.allCases,
    [
      ("/image", #""mirror.example/sidecar@sha256:00""#), ("/resources", "{}"), ("/imagePullPolicy", #""Always""#),
      ("/env/0", #"{"name":"OTHER","value":"x"}"#), ("/volumeMounts/0", #"{"name":"token","mountPath":"/t"}"#),
      ("/securityContext/runAsUser", "1000"), ("/env/-", #"{"name":"POSTERN_X","value":null}"#),
    ])
  func whatOthersChangeInItMakesItNoOthers(
    mode: AdmissionSettings.SidecarMode, change: (path: String, value: String)
  ) throws {
    let (pod, sidecar) = try injected(mode)
    let changed = try pod.adding(sidecar + change.path, change.value)
    let reply = try post(changed, .mutate)
    #expect(reply.isAllowed && reply.patch == nil, "\(reply.causes)")
    #expect(try post(workload(of: changed), .validate).isAllowed)
  }
}
