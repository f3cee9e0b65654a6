import TestThreads
import Testing

/// `check` tells every fault of connections and of what they connect to at once, and nothing that only follows from one.
@Suite(.blocking) struct ConnectFaultTests {
  /// A customer's Postgres and three applications, in parts that faults are put into.
  private struct Files {
    var settings = "postern.io/removed-users: lock"
    var shop = "{name: shop}"
    var reader = "{name: reader, grants: {orders: read}}"
    var orders = "{name: orders, owner: shop}"
    var container = "{name: postgres, image: \"postgres:17\"}"
    var web = "shop/orders"
    var job = "- {user: shop, containers: [web]}"
    var jobSpec = ""
    var rollout = "reader/orders"

    var text: String {
      func template(_ connections: String, _ more: String = "") -> String {
        "{metadata: {labels: {postern.io/connect: acme}, annotations: {postern.io/connections: \"\(connections)\"}}, "
          + "spec: {containers: [{name: web, image: web\(more)}]}}"
      }
      return """
        apiVersion: apps/v1
        kind: StatefulSet
        metadata:
          name: db
          labels: {postern.io/customer: acme}
          annotations:
            \(settings)
            postern.io/service: make
            postern.io/users: "[\(shop), \(reader)]"
            postern.io/databases: "[\(orders)]"
        spec: {serviceName: db, template: {spec: {containers: [\(container)]}}}
        ---
        {apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: \(template(web))}}
        ---
        {apiVersion: batch/v1, kind: Job, metadata: {name: job}, spec: {template: \(template(job, jobSpec))}}
        ---
        {apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {name: r}, spec: {template: \(template(rollout))}}
        """
    }
  }

  private struct Fault: Sendable {
    let message: String
    let plant: @Sendable (inout Files) -> Void

    init(_ message: String, _ plant: @escaping @Sendable (inout Files) -> Void) {
      (self.message, self.plant) = (message, plant)
    }
  }

  private static let faults = [
    Fault("postern.io/removed-users]: \"lok\" is not one of") { $0.settings = "postern.io/removed-users: lok" },
    Fault("users][0].limit: line 1") { $0.shop = "{name: shop, limit: 5}" },
    Fault("databases][0].encoding") { $0.orders = "{name: orders, owner: shop, encoding: UTF-9}" },
    Fault("Postgres 11 is too old") { $0.container = "{name: postgres, image: \"postgres:11\"}" },
    Fault("Deployment web|has no user \"shpo\"; did you mean \"shop\"?") {
      $0.web = $0.web.replacing("shop", with: "shpo")
    },
    Fault("Deployment web|database \"ordrs\"; did you mean \"orders\"?") {
      $0.web = $0.web.replacing("/orders", with: "/ordrs")
    },
    Fault("Deployment web|neither USER nor USER/DATABASE") { $0.web += ", a/b/c" },
    Fault("Job job|there is no container \"wep\"") { $0.job = $0.job.replacing("[web]", with: "[web, wep]") },
    Fault("Job job|[1]: customer \"acme\" has no user \"nobdy\"") {
      $0.job += "\\n- {user: nobdy, name: b, env: none}"
    },
    Fault("Job job|is a file of the connection's") {
      $0.jobSpec = ", volumeMounts: [{name: x, mountPath: /bindings/acme/password}]"
    },
    Fault("Rollout r|has no user \"raeder\"") { $0.rollout = $0.rollout.replacing("reader", with: "raeder") },
    Fault("Rollout r|[1].env") {
      $0.rollout = "- {user: \($0.rollout.prefix { $0 != "/" })}\\n- {user: shop, name: b, env: x}"
    },
  ]

  private func check(_ faults: [Fault]) throws {
    var files = Files()
    for fault in faults { fault.plant(&files) }
    let answer = try Program.run(["check", "-"], input: files.text)
    #expect(answer.status == (faults.isEmpty ? 0 : 1), "\(answer.output)\(answer.errors)")
    var told: [String] = []
    var manifest = ""
    for line in answer.output.split(separator: "\n") {
      if line.hasPrefix("  * ") {
        told.append("\(manifest)|\(line.dropFirst(4))")
      } else if !line.hasPrefix(" ") {
        manifest = "\(line)"
      }
    }
    for fault in faults {
      let parts = fault.message.split(separator: "|")
      let index = told.firstIndex { line in parts.allSatisfy { line.contains($0) } }
      #expect(index != nil, "not told: \(fault.message)\n\(answer.output)")
      if let index { told.remove(at: index) }
    }
    #expect(told == [], "not planted: \(answer.output)")
  }

  @Test func whatIsSoundIsFine() throws { try check([]) }

  @Test func eachFaultIsToldAlone() throws {
    for fault in Self.faults { try check([fault]) }
  }

  @Test func noneHidesAnother() throws {
    for (index, fault) in Self.faults.enumerated() {
      for other in Self.faults[(index + 1)...] { try check([fault, other]) }
    }
    try check(Self.faults)
  }
}
