import Foundation
import JSONBytes
import LibPQ
import TestSupport
import ThrowawayPostgres

/// A cluster with one customer, `acme`, whose Pod is a real Postgres that asks for passwords.
struct ForwardedCluster {
  let server: FakeServer
  let postgres: PostgresServer
  let kubeconfig: URL

  /// - Parameter answer: for requests other than those that a sound cluster answers.
  static func start(
    _ installation: PostgresInstallation,
    answer: @escaping @Sendable (FakeServer.Request) -> FakeServer.Answer? = { _ in nil }
  ) async throws -> ForwardedCluster {
    let postgres = try PostgresServer(installation, superuser: "root")
    let connection = try postgres.connect()
    try connection.execute(
      "CREATE ROLE shop LOGIN PASSWORD 'hun''ter 2'; CREATE ROLE web LOGIN PASSWORD 'other'")
    try connection.execute("CREATE DATABASE orders OWNER shop")
    let objects = try objects(port: postgres.port, password: postgres.password)
    let (port, pods) = (postgres.port, objects.filter { $0.key.hasPrefix("/api/v1/namespaces/shop/pods/") }.values)
    let forwarding = FakePortForward { uri, token in
      guard token == "Bearer t0ken" else { return nil }
      return uri.hasPrefix("/api/v1/namespaces/shop/pods/acme-0/portforward?ports=") && uri.hasSuffix("=\(port)")
        ? .port(port) : .error("error forwarding port: nothing listens there")
    }
    let list = #"{"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[\#(pods.joined(separator: ","))]}"#
    let server = try await FakeServer.start(defaultPair.get(), forwarding: forwarding) { _, request in
      if let given = answer(request) { return given }
      if let object = objects[request.path] { return .json(200, object) }
      guard ["/api/v1/pods", "/api/v1/namespaces/shop/pods", "/api/v1/namespaces/other/pods"].contains(request.path)
      else { return .status(404, "NotFound", "not found") }
      let isAsked =
        !request.path.contains("/other/")
        && [nil, "postern.io/customer", "postern.io/customer=acme"].contains(request.query["labelSelector"])
      return .json(200, isAsked ? list : #"{"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[]}"#)
    }
    return ForwardedCluster(
      server: server, postgres: postgres, kubeconfig: try server.writeKubeconfig(namespace: "shop"))
  }

  func stop() async {
    await server.stop()
    postgres.stop()
  }

  /// Runs the command with this cluster's kubeconfig.
  func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> Program.Answer {
    let environment = environment.merging(["KUBECONFIG": kubeconfig.path]) { own, _ in own }
    return try await Self.apart { try Program.run(arguments, environment: environment) }
  }

  /// Waits on a thread of its own: the forwards of this process need those that Swift has for tasks.
  static func apart<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
    }
  }

  private static func objects(port: Int, password: String) throws -> [String: String] {
    func secret(_ name: String, _ values: [String: String]) -> (String, String) {
      let data = values.mapValues { Data($0.utf8).base64EncodedString() }
      let members = data.map { #""\#($0.key)":"\#($0.value)""# }.joined(separator: ",")
      return (
        "/api/v1/namespaces/shop/secrets/\(name)",
        #"{"kind":"Secret","metadata":{"name":"\#(name)","namespace":"shop","labels":{"app.kubernetes.io/managed-by":"postern"}},"data":{\#(members)}}"#
      )
    }
    var spec = try json(try StatusTests.spec().object)
    if case .object(var root) = spec {
      root["kind"] = .string("ConfigMap")
      spec = .object(root)
    }
    return Dictionary(
      uniqueKeysWithValues: [
        secret("acme-pg-user-shop", ["username": "shop", "password": "hun'ter 2", "database": "orders"]),
        secret("acme-pg-user-web", ["username": "web", "password": "other"]),
        secret("acme-super", ["who": "root\n", "word": password + "\n"]),
        ("/api/v1/namespaces/shop/configmaps/acme-pg-spec", String(decoding: spec.bytes, as: UTF8.self)),
        (
          "/api/v1/namespaces/shop/pods/acme-0",
          """
          {"kind":"Pod","metadata":{"name":"acme-0","namespace":"shop","labels":{"postern.io/customer":"acme"},
          "annotations":{"postern.io/injected":"v1","postern.io/port":"\(port)"}},"spec":{
          "initContainers":[{"name":"postern","image":"x:0.1.0","restartPolicy":"Always","env":[{"name":"POSTERN_CUSTOMER","value":"acme"}],
          "volumeMounts":[{"name":"postern","mountPath":"/etc/postern"}]}],
          "containers":[{"name":"postgres","image":"postgres:17","env":[{"name":"POSTGRES_PASSWORD","value":"x"}]}],
          "volumes":[{"name":"postern","projected":{"sources":[{"secret":{"name":"acme-super","items":[
          {"key":"who","path":"admin/username"},{"key":"word","path":"admin/password"}]}}]}}]},
          "status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}
          """
        ),
      ])
  }
}
