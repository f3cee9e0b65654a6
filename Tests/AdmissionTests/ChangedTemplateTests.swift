import Admission
import JSONBytes
import Testing

/// An update that leaves Postern's labels and annotations as they were is never refused, but its Pods may be, or may have no server:
/// whoever applies it sees only this answer.
@Suite struct ChangedTemplateTests {
  private static let container = #"{"name":"postgres","image":"postgres:17","volumeMounts":[\#(mount)]}"#
  private static let mount = #"{"name":"data","mountPath":"/var/lib/postgresql/data"}"#
  private static let podSpec = """
    {"containers":[\(container)],"volumes":[{"name":"data","persistentVolumeClaim":{"claimName":"db"}}]}
    """
  private static let recreate = #"{"type":"Recreate"}"#

  private static func containers(_ list: String...) -> String {
    podSpec.replacing("[\(container)]", with: "[\(list.joined(separator: ","))]")
  }

  private static func container(_ more: String) -> String {
    containers(container.dropLast() + ",\(more)}")
  }

  struct Change: Sendable, CustomTestStringConvertible {
    let name: String
    let podSpec: String
    var strategy = recreate
    var kinds = ["Deployment", "StatefulSet"]
    let warning: String

    var testDescription: String { name }
  }

  static let changes: [Change] = [
    Change(
      name: "a second Postgres",
      podSpec: containers(#"{"name":"a","image":"postgres:17"}"#, #"{"name":"b","image":"postgres:17"}"#),
      warning:
        #"its Pods will be refused: postern.io/container: which container is Postgres cannot be told from "a", "b"; "#
    ),
    Change(
      name: "a container with the sidecar's name", podSpec: containers(container, #"{"name":"postern","image":"x"}"#),
      warning: #"its Pods will be refused: "postern" is the name of what Postern adds to the Pod"#),
    Change(
      name: "a mount in the way",
      podSpec: containers(
        #"{"name":"postgres","image":"postgres:17","env":[{"name":"POSTGRES_PASSWORD_FILE","value":"/etc/postern/p"}],"#
          + #""volumeMounts":[\#(mount),{"name":"x","mountPath":"/etc/postern"}]}"#),
      warning: #"its Pods will be refused: the sidecar cannot have "/etc/postern""#),
    Change(
      name: "18 with the old path", podSpec: podSpec.replacing("postgres:17", with: "postgres:18"),
      warning: "Postgres 18's image ends at once with a volume at /var/lib/postgresql/data"),
    Change(
      name: "a rolling update", podSpec: podSpec, strategy: #"{"type":"RollingUpdate"}"#, kinds: ["Deployment"],
      warning: "while Pods are replaced, two servers can ruin one volume"),
    Change(
      name: "no address", podSpec: container(#""args":["-c","listen_addresses="]"#),
      warning: "with no listen_addresses nobody can connect"),
    Change(
      name: "too old", podSpec: podSpec.replacing("postgres:17", with: "postgres:11"), warning: "Postgres 11 is too old"
    ),
    Change(
      name: "no server", podSpec: container(#""command":["sleep","infinity"]"#),
      warning: #"container "postgres" runs sleep, and nothing is provisioned"#),
    Change(
      name: "a declared user as the superuser",
      podSpec: container(#""env":[{"name":"POSTGRES_USER","value":"shop"}]"#),
      warning: #"postern.io/users: "shop" is the superuser of this Postgres"#),
    Change(
      name: "a password in the text, where loopback asks",
      podSpec: container(
        #""env":[{"name":"POSTGRES_PASSWORD","value":"x"},{"name":"POSTGRES_INITDB_ARGS","value":"--auth=md5"}]"#),
      warning: "postern.io/admin-secret: the superuser's password stands in the Pod's own text"),
    Change(
      name: "an image of one's own", podSpec: containers(#"{"name":"db","image":"me/db:1"}"#),
      warning: #"its Pods come without the sidecar: nothing says that container "db" is Postgres"#),
    Change(
      name: "the node's network",
      podSpec: podSpec.replacing("{\"containers", with: #"{"hostNetwork":true,"containers"#),
      warning: "its Pods come without the sidecar: with hostNetwork, loopback is the node's"),
  ]

  private func object(_ podSpec: String, _ strategy: String, kind: String) throws -> JSONValue {
    let object = try deployment(annotations: #"{"postern.io/users":"shop"}"#, podSpec: podSpec, kind: kind)
    return kind == "Deployment" ? try object.adding("/spec/strategy", strategy) : object
  }

  @Test(arguments: changes) func whatPodsWillSufferIsToldOfOnce(change: Change) throws {
    for kind in change.kinds {
      let old = try object(Self.podSpec, Self.recreate, kind: kind)
      let new = try object(change.podSpec, change.strategy, kind: kind)
      let reply = try post(new, .validate, replacing: old)
      #expect(reply.isAllowed)
      #expect(reply.warnings.filter { $0.hasPrefix("postern: \(change.warning)") }.count == 1, "\(reply.warnings)")
      #expect(try post(new, .mutate, replacing: old).isAllowed)
      // What the template had before, and what is mended, is not told of.
      let later = try new.adding("/spec/template/spec/containers/0/env", #"[{"name":"X","value":"1"}]"#)
      let before = try new.adding("/spec/template/spec/containers/0/env", "[]")
      for (old, new) in [(new, new), (new, old)] + (change.podSpec.contains("env") ? [] : [(before, later)]) {
        let reply = try post(new, .validate, replacing: old)
        #expect(reply.isAllowed && reply.warnings == [], "\(reply.warnings)")
      }
    }
  }

  /// A template that says something of Postern's gets no sidecar by mistake: its Pods are refused.
  @Test func aPodThatSaysSomethingIsRefused() throws {
    func object(_ podSpec: String) throws -> JSONValue {
      try self.object(podSpec, Self.recreate, kind: "StatefulSet").adding(
        "/spec/template/metadata/annotations", #"{"postern.io/gate-readiness":"true"}"#)
    }
    let reply = try post(
      object(Self.containers(#"{"name":"db","image":"me/db:1"}"#)), .validate, replacing: object(Self.podSpec))
    #expect(
      reply.isAllowed
        && reply.warnings.first?.hasPrefix(
          #"postern: its Pods will be refused: postern.io/container: nothing says that container "db" is Postgres: "#)
          == true,
      "\(reply.warnings)")
  }

  @Test(arguments: [
    podSpec.replacing("postgres:17", with: "postgres:17.5"),
    podSpec.replacing("postgres:17", with: "postgres:16"),
    container(#""env":[{"name":"TZ","value":"UTC"}]"#), container(#""args":["-c","max_connections=200"]"#),
    containers(container, #"{"name":"metrics","image":"postgres-exporter"}"#),
  ])
  func anOrdinaryChangeIsNotRemarkedOn(podSpec: String) throws {
    for kind in ["Deployment", "StatefulSet"] {
      let reply = try post(
        object(podSpec, Self.recreate, kind: kind), .validate,
        replacing: object(Self.podSpec, Self.recreate, kind: kind))
      #expect(reply.isAllowed && reply.warnings == [], "\(reply.warnings)")
    }
  }
}
