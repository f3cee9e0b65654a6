import Admission
import JSONBytes
import KubernetesAPI
import Testing

/// Postgres as a native sidecar of an application: an init container that goes on running.
@Suite struct NativePostgresTests {
  private static let app = #"{"name":"app","image":"shop/app"}"#
  private static let server = #"{"name":"db","image":"postgres:17","restartPolicy":"Always"}"#

  private func spec(_ containers: String, _ initContainers: String) -> String {
    #"{"containers":[\#(containers)],"initContainers":[\#(initContainers)]}"#
  }

  @Test(arguments: AdmissionSettings.SidecarMode.allCases)
  func itGetsItsPasswordAndTheSidecarNextToIt(mode: AdmissionSettings.SidecarMode) throws {
    let migrate = #"{"name":"migrate","image":"shop/app"}"#
    let object = try pod().adding("/spec", spec(Self.app, "\(migrate),\(Self.server),\(migrate)"))
    let settings = AdmissionSettings(sidecarMode: mode)
    let reply = try post(object, .mutate, settings: settings)
    #expect(reply.isAllowed && reply.warnings.isEmpty, "\(reply.causes) \(reply.warnings)")
    let admitted = try reply.admitted(object)
    let names = { (list: String) in admitted.at("spec", list)?.array?.map { $0["name"]?.string ?? "" } }
    // Behind it, so that init containers that come later may wait for what the sidecar makes.
    #expect(names("initContainers") == ["migrate", "db"] + (mode == .native ? ["postern"] : []) + ["migrate"])
    #expect(names("containers") == ["app"] + (mode == .native ? [] : ["postern"]))
    let variables = admitted.at("spec", "initContainers", "1", "env")?.array?.map { $0["name"]?.string }
    #expect(variables == ["POSTGRES_USER_FILE", "POSTGRES_PASSWORD_FILE"])
    #expect(admitted.at("spec", "initContainers", "1", "volumeMounts", "0", "name")?.string == "postern-admin")
    #expect(admitted.at("spec", "containers", "0", "env") == nil)
    #expect(try post(admitted, .mutate, settings: settings).patch == nil)
    #expect(try post(admitted, .validate, settings: settings).isAllowed)
  }

  /// By the port of its server, which the sidecar is given.
  @Test(arguments: [
    (app, native(), 7001), (app, native(image: "x", #","ports":[{"containerPort":5432}]"#), 7001),
    // The application has the password, too.
    (
      own(#","env":[{"name":"POSTGRES_PASSWORD","value":"x"}]"#), native(#","env":[{"name":"PGDATA","value":"/d"}]"#),
      7001
    ),
    // What backs a server up may be of its image, and what waits for one.
    (own(#","ports":[{"containerPort":5432}]"#), native(), 7002),
    (own(#","ports":[{"containerPort":5432}]"#), #"{"name":"wait","image":"postgres:17"}"#, 7002),
    (own(image: "postgres:17"), native(#","ports":[{"containerPort":5432}]"#), 7002),
    // What only waits has the server's image for its programs.
    (own(image: "postgres:17", #","command":["sleep","infinity"]"#), native(), 7001),
    (own(image: "postgres:17", #","command":["sleep","infinity"]"#), native(image: "x"), 7002),
    // The server's data is told from a volume that a backup shares with the server.
    (own(#","env":[{"name":"POSTGRES_PASSWORD","value":"x"}]"#), native(data), 7001),
    (own(#","env":[{"name":"POSTGRES_PASSWORD","value":"x"}]\#(data)"#), native(data), 7002),
  ])
  func itIsToldFromTheApplication(container: String, initContainer: String, port: Int) throws {
    let object = try pod().adding("/spec", spec(container, initContainer))
    let reply = try post(object, .mutate)
    #expect(
      try reply.admitted(object).text.contains(#""name":"POSTERN_PORT","value":"\#(port)""#), "\(reply.root.text)")
    // A Pod that is there already is read in the same way.
    #expect(DeclaredPostgres(object, kind: .pod, namespace: "shop")?.port == port)
  }

  private static let data = #","volumeMounts":[{"name":"d","mountPath":"/var/lib/postgresql/data"}]"#

  private static func native(image: String = "postgres:17", _ more: String = "") -> String {
    #"{"name":"db","image":"\#(image)","restartPolicy":"Always","args":["-p","7001"]\#(more)}"#
  }

  private static func own(image: String = "x", _ more: String = "") -> String {
    #"{"name":"app","image":"\#(image)","args":["-p","7002"]\#(more)}"#
  }

  @Test(arguments: [
    ("db", nil),
    (
      "migrate",
      "init container \"migrate\" ends before the others start: with restartPolicy Always it goes on, or name another one"
    ),
    ("x", "there is no container \"x\"; the Pod has \"app\", \"db\""),
  ])
  func theAnnotationMayNameIt(name: String, message: String?) throws {
    let object = try deployment(
      templateMetadata: #"{"annotations":{"postern.io/container":"\#(name)","postern.io/users":"shop"}}"#,
      podSpec: spec(Self.app, #"{"name":"migrate","image":"x"},{"name":"db","image":"x","restartPolicy":"Always"}"#))
    let reply = try post(object, .validate)
    #expect(reply.causes.map(\.message) == [message].compactMap(\.self))
  }

  @Test func whatIsRefusedHasItsField() throws {
    let old = #"{"name":"db","image":"postgres:11","restartPolicy":"Always"}"#
    let reply = try post(deployment(podSpec: spec(Self.app, old)), .validate)
    #expect(reply.fields == ["spec.template.spec.initContainers[0].image"])
  }

  @Test func whatIsNoServerIsLeftAlone() throws {
    let proxy = #"{"name":"proxy","image":"envoy","restartPolicy":"Always"}"#
    let reply = try post(pod().adding("/spec", spec(Self.app, proxy)), .mutate)
    #expect(reply.patch == nil)
    #expect(reply.warnings == ["postern: left alone: nothing says that container \"app\" is Postgres"])
  }
}
