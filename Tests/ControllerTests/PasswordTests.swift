import DatabaseSpec
import JSONBytes
import KubernetesAPI
import KubernetesClient
import TestSupport
import Testing

@testable import Controller
@testable import Instances

/// Passwords against a real API server: however they are edited, they reach the sidecar, and their owner remains the
/// same.
@Suite(.enabled(if: APIServer.program != nil, "no kube-apiserver in K8S_BIN, or no etcd")) struct PasswordTests {
  static let secret = "acme-pg-user-shop"

  private func isCarried(_ password: String, _ cluster: Leading) async throws -> Bool {
    let shop = try PostgresName("shop")
    return try await eventually {
      let user = try await cluster.live(.secret, Self.secret)
      let uri = user?.data["uri"].map { String(decoding: $0, as: UTF8.self) }
      return try await cluster.mounted()?.passwords[shop]?.unredacted == password
        && uri?.hasPrefix("postgresql://shop:\(password)@") == true
    }
  }

  @Test func anEditedPasswordIsCarriedAndTheirs() async throws {
    try await Leading.run("edited") { cluster in
      try await cluster.create(Sample())
      #expect(try await cluster.isTold("ObjectsWritten"))
      try await cluster.patch(.secrets, Self.secret, #"{"stringData":{"password":"first"}}"#)
      #expect(try await isCarried("first", cluster))
      #expect(try await cluster.live(.secret, Self.secret)?.appliedKeys.contains("password") == false)
      try await cluster.patch(.secrets, Self.secret, #"{"stringData":{"password":"second\n"}}"#)
      #expect(try await isCarried("second", cluster))
      #expect(try await cluster.value("password", of: Self.secret) == "second\n")
    }
  }

  @Test func aPasswordThatCannotBeIsToldAndTheOldOneStays() async throws {
    try await Leading.run("bad") { cluster in
      try await cluster.create(Sample())
      #expect(try await cluster.isTold("ObjectsWritten"))
      let password = try #require(await cluster.value("password", of: Self.secret))
      for (value, reason) in [("", "is empty"), ("two\\nlines", "holds a line break")] {
        try await cluster.patch(.secrets, Self.secret, #"{"stringData":{"password":"\#(value)"}}"#)
        #expect(
          try await cluster.isTold(
            "InvalidDeclaration Deployment db: user shop: Secret \"\(Self.secret)\" key \"password\" \(reason)"))
        #expect(try await isCarried(password, cluster))
      }
      let events = try await cluster.events()
      #expect(!events.contains { $0.contains(password) || $0.contains("lines") })
      #expect(try await eventually { cluster.metric(#"postern_instances{state="incomplete"}"#) == 1 })
    }
  }

  @Test(.enabled(if: Leading.kubectlProgram != nil, "no kubectl"))
  func kubectlPatchesAppliesAndServerSideApplies() async throws {
    try await Leading.run("kubectl") { cluster in
      try await cluster.create(Sample())
      #expect(try await cluster.isTold("ObjectsWritten"))
      let patch = ["patch", "secret", Self.secret, "--type", "merge", "-p", #"{"stringData":{"password":"patched"}}"#]
      #expect(try cluster.kubectl(patch) == nil)
      #expect(try await isCarried("patched", cluster))
      #expect(try await cluster.live(.secret, Self.secret)?.writtenKeys.contains("password") == false)
      func manifest(_ password: String) -> String {
        #"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"\#(Self.secret)"},"stringData":{"password":"\#(password)"}}"#
      }
      #expect(try cluster.kubectl(["apply", "-f", "-"], input: manifest("applied")) == nil)
      #expect(try await isCarried("applied", cluster))
      let serverSide = ["apply", "--server-side", "--field-manager", "gitops", "-f", "-"]
      #expect(try cluster.kubectl(serverSide + ["--force-conflicts"], input: manifest("declared")) == nil)
      #expect(try await isCarried("declared", cluster))
      // Postern does not prevent the other field manager from writing.
      #expect(try cluster.kubectl(serverSide, input: manifest("again")) == nil)
      #expect(try await isCarried("again", cluster))
    }
  }

  @Test func aPasswordFromElsewhereIsFollowedAndEditsOfTheCopyAreUndone() async throws {
    try await Leading.run("elsewhere") { cluster in
      let users = "- {name: shop, passwordFrom: {secret: login, key: pw}}"
      try await cluster.create(Sample(annotations: ["postern.io/users": users, "postern.io/databases": "orders"]))
      #expect(try await cluster.isTold("MissingReference Deployment db: user shop: passwordFrom: there is no Secret"))
      #expect(try await cluster.live(.secret, Self.secret) == nil)
      try await cluster.secret("login", ["pw": "chosen"])
      #expect(try await isCarried("chosen", cluster))
      try await cluster.patch(.secrets, "login", #"{"stringData":{"pw":"changed"}}"#)
      #expect(try await isCarried("changed", cluster))
      try await cluster.patch(.secrets, Self.secret, #"{"stringData":{"password":"mine"}}"#)
      #expect(try await eventually { try await cluster.value("password", of: Self.secret) == "changed" })
      try await cluster.client.delete(.secrets, "login", in: "elsewhere")
      #expect(try await eventually { cluster.metric(#"postern_instances{state="incomplete"}"#) == 1 })
      #expect(try await isCarried("changed", cluster))
      // From now on the Secret is Postern's own: the current password stays, and may be edited.
      try await cluster.patch(.deployments, "db", #"{"metadata":{"annotations":{"postern.io/users":"shop"}}}"#)
      #expect(try await eventually { cluster.metric(#"postern_instances{state="pending"}"#) == 1 })
      #expect(try await isCarried("changed", cluster))
      try await cluster.patch(.secrets, Self.secret, #"{"stringData":{"password":"mine"}}"#)
      #expect(try await isCarried("mine", cluster))
    }
  }

  @Test func aPasswordThatAppearedMeanwhileIsTaken() async throws {
    let managed = ["app.kubernetes.io/managed-by": "postern", "postern.io/customer": "acme"]
    try await Leading.run("meanwhile") { cluster in
      let key = CustomerKey(namespace: "meanwhile", customer: "acme")
      let access = ObjectAccess(client: cluster.client, key: key, mayWrite: { true }, wrote: { _ in })
      try await cluster.secret(Self.secret, ["password": "theirs"], labels: managed)
      let object = DesiredObject(
        kind: .secret, name: Self.secret, namespace: "meanwhile", customer: "acme", data: ["password": "ours"])
      #expect(try await access.create(object) == nil)
      try await cluster.create(Sample())
      #expect(try await isCarried("theirs", cluster))
    }
  }

  @Test func anApplyOverWhatSomebodyEditedSinceIsRefused() async throws {
    try await Leading.run("since") { cluster in
      let key = CustomerKey(namespace: "since", customer: "acme")
      let access = ObjectAccess(client: cluster.client, key: key, mayWrite: { true }, wrote: { _ in })
      var object = DesiredObject(
        kind: .secret, name: "other", namespace: "since", customer: "acme", data: ["password": "ours"])
      let live = try await access.create(object)
      try await cluster.patch(.secrets, "other", #"{"stringData":{"password":"theirs"}}"#)
      object.data["uri"] = "x"
      do throws(Interruption) {
        _ = try await access.apply(object, over: live)
        Issue.record("it was applied")
      } catch {
        guard case .failed(let failure) = error else { throw error }
        #expect(failure.isConflict)
      }
      #expect(try await cluster.value("password", of: "other") == "theirs")
    }
  }
}
