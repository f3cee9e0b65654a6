import Foundation
import JSONBytes
import KubernetesAPI
import KubernetesClient
import Synchronization
import TestSupport
import Testing

@testable import ServingCertificate

/// Replicas with a real API server between them, and TLS clients that trust only the present `caBundle`.
@Suite(.enabled(if: APIServer.program != nil, "no kube-apiserver in K8S_BIN, or no etcd"))
struct CertificateKeeperTests {
  /// Waits until everything is published and every replica is trusted.
  private func settled(_ room: Room, _ replicas: [Replica]) async throws -> CertificateSecret {
    let isSettled = try await eventually {
      guard let secret = try? await room.secret(), try await room.isPublished() else { return false }
      for replica in replicas where await !replica.isTrusted(secret.authorities) { return false }
      return true
    }
    #expect(isSettled)
    return try await room.secret()
  }

  @Test func replicasThatStartTogetherAgree() async throws {
    let room = try await Room("agree")
    // As if two replicas believed that they lead.
    try await room.running(3, leaders: 2) { replicas in
      let secret = try await settled(room, replicas)
      #expect(try Findings.certificates(secret.authorities).count == 1)
      for replica in replicas {
        #expect(try await replica.readiness() == 200)
        #expect(replica.refused == 0)
      }
      let object = try await room.client.get(.secrets, room.settings.secret, in: room.name)
      #expect(object["type"]?.string == "kubernetes.io/tls")
      #expect(object["metadata"]?["labels"]?["app.kubernetes.io/managed-by"]?.string == "postern")
    }
  }

  @Test func aServerIsNotReadyWithoutACertificate() async throws {
    var room = try await Room("unready")
    // Nobody can create anything there.
    room.settings.namespace = "nowhere"
    try await room.running(1) { replicas in
      #expect(try await replicas[0].readiness() == 503)
      let other = try CertificateStepTests.made(at: room.clock.now)
      #expect(await !replicas[0].isTrusted(other.authorities))
      try await room.client.create(.namespaces, try json(#"{"metadata":{"name":"nowhere"}}"#))
      let isReady = try await eventually { try await replicas[0].readiness() == 200 }
      #expect(isReady)
    }
  }

  @Test func noCallFailsWhileAllIsRenewed() async throws {
    // On a busy machine a call may take a while between reading `caBundle` and the connection.
    let room = try await Room("load", settleTime: .seconds(5))
    room.clock.set(days: -850)
    try await room.running(2) { replicas in
      let first = try await settled(room, replicas)
      let calls = Mutex((succeeded: 0, errors: [String](), isOver: false))
      let load = Task {
        while !calls.withLock({ $0.isOver }) {
          for replica in replicas {
            do {
              for authorities in Set(try await room.bundles()) {
                try await replica.call(trusting: authorities ?? "")
                calls.withLock { $0.succeeded += 1 }
              }
            } catch {
              calls.withLock { $0.errors.append("\(error)") }
            }
          }
        }
      }
      // Two thirds of the serving certificate's life have passed.
      room.clock.set(days: -240)
      let isRenewed = try await eventually { try await room.secret().certificate != first.certificate }
      #expect(isRenewed)
      let second = try await settled(room, replicas)
      #expect(second.authorities == first.authorities)
      for replica in replicas {
        let isServed = try await eventually {
          replica.keeper.state.withLock { $0.served?.certificate } == second.certificate
        }
        #expect(isServed)
      }
      // Two thirds of the authority's life have passed.
      room.clock.set(days: -40)
      let isAdded = try await eventually { try await room.secret().authorities != second.authorities }
      #expect(isAdded)
      let isSwitched = try await eventually { try await room.secret().certificate != second.certificate }
      #expect(isSwitched)
      let third = try await settled(room, replicas)
      #expect(third.authorities.hasSuffix(second.authorities))
      let newest = try Findings.certificates(third.authorities)
      #expect(newest.count == 2)
      #expect(Findings(third, room.settings.policy, now: room.clock.now).serving?.isOfFirstAuthority == true)
      let before = calls.withLock { $0.succeeded }
      let goesOn = try await eventually { calls.withLock { $0.succeeded } > before + 10 }
      #expect(goesOn)
      calls.withLock { $0.isOver = true }
      await load.value
      #expect(calls.withLock { $0.errors } == [])
      for replica in replicas { #expect(replica.refused == 0) }
    }
  }

  @Test func aNewAuthorityWaitsForEveryCABundle() async throws {
    let room = try await Room("order")
    room.clock.set(days: -850)
    let mayWrite = Mutex(true)
    try await room.running(1, mayWrite: { mayWrite.withLock { $0 } }) { replicas in
      let first = try await settled(room, replicas)
      // The leader stops after the first step.
      mayWrite.withLock { $0 = false }
      room.clock.set(days: -40)
      let both = try room.settings.policy.carriedOut(
        .makeAuthority, on: first, remembered: nil, now: room.clock.now)
      try await room.write(both)
      let isSeen = try await eventually {
        replicas[0].keeper.state.withLock { $0.remembered } == both
      }
      #expect(isSeen)
      // `caBundle` and the certificate are as before.
      #expect(await replicas[0].isTrusted(first.authorities))
      #expect(try await room.bundles().allSatisfy { $0 == first.authorities })
      mayWrite.withLock { $0 = true }
      let isSwitched = try await eventually {
        let secret = try await room.secret()
        // The certificate never changes before all clients trust the new authority.
        if secret.certificate != first.certificate { #expect(try await room.isPublished()) }
        return secret.certificate != first.certificate
      }
      #expect(isSwitched)
      _ = try await settled(room, replicas)
    }
  }

  @Test func aDeletedSecretIsRestoredAsItWas() async throws {
    let room = try await Room("deleted")
    try await room.running(2) { replicas in
      let secret = try await settled(room, replicas)
      let uid = try await room.client.get(.secrets, room.settings.secret, in: room.name)["metadata"]?["uid"]
      try await room.client.delete(.secrets, room.settings.secret, in: room.name)
      let isBack = try await eventually {
        let now = try? await room.client.get(.secrets, room.settings.secret, in: room.name)
        return now != nil && now?["metadata"]?["uid"] != uid
      }
      #expect(isBack)
      #expect(try await room.secret() == secret)
      #expect(try await room.isPublished())
      for replica in replicas { #expect(await replica.isTrusted(secret.authorities)) }
    }
  }

  @Test func aBrokenSecretIsNotServedAndIsRestored() async throws {
    let room = try await Room("broken")
    let mayWrite = Mutex(true)
    try await room.running(2, mayWrite: { mayWrite.withLock { $0 } }) { replicas in
      let secret = try await settled(room, replicas)
      mayWrite.withLock { $0 = false }
      var broken = secret
      broken.certificate = String(secret.certificate.dropLast(100))
      try await room.write(broken)
      let isRefused = try await eventually { replicas.allSatisfy { $0.refused == 1 } }
      #expect(isRefused)
      for replica in replicas {
        #expect(await replica.isTrusted(secret.authorities))
        #expect(try await replica.readiness() == 200)
      }
      mayWrite.withLock { $0 = true }
      let isRestored = try await eventually { try await room.secret() == secret }
      #expect(isRestored)
    }
  }

  @Test func anExpiredSecretIsRepaired() async throws {
    let room = try await Room("expired")
    let old = try room.settings.policy.carriedOut(
      .makeBoth, on: nil, remembered: nil, now: room.clock.now - 1000 * 86_400)
    try await room.client.create(.secrets, old.secret(room.settings.secret, in: room.name))
    try await room.running(1) { replicas in
      let secret = try await settled(room, replicas)
      #expect(secret.certificate != old.certificate)
      #expect(replicas[0].refused == 1)
      #expect(try await replicas[0].readiness() == 200)
    }
  }

  /// The clock of its node was behind. Nothing but the clock tells this replica that the certificate is good.
  @Test func whatWasRefusedByAWrongClockIsServedWhenItIsRight() async throws {
    let room = try await Room("clock")
    let good = try room.settings.policy.carriedOut(.makeBoth, on: nil, remembered: nil, now: room.clock.now)
    room.clock.set(days: -30)
    try await room.client.create(.secrets, good.secret(room.settings.secret, in: room.name))
    try await room.running(1, leaders: 0) { replicas in
      let isRefused = try await eventually { replicas[0].refused == 1 }
      #expect(isRefused)
      #expect(try await replicas[0].readiness() == 503)
      room.clock.set(days: 0)
      let isReady = try await eventually { try await replicas[0].readiness() == 200 }
      #expect(isReady)
      #expect(replicas[0].refused == 1)
    }
  }

  @Test func anErasedCABundleIsRestored() async throws {
    let room = try await Room("erased")
    try await room.running(1) { replicas in
      let secret = try await settled(room, replicas)
      let harm = try json(
        #"[{"op":"remove","path":"/webhooks/1/clientConfig/caBundle"},"#
          + #"{"op":"replace","path":"/webhooks/0/clientConfig/caBundle","value":"\#(foreignBundle())"}]"#)
      for resource in CertificateKeeper.configurations {
        let harmed = try await room.client.patch(resource, room.name, .json(harm))
        #expect(harmed["webhooks"]?.array?.last?["clientConfig"]?["caBundle"] == nil)
        let isBack = try await eventually { try await room.isPublished() }
        #expect(isBack)
      }
      #expect(try await room.secret() == secret)
    }
  }

  /// An authority that these tests did not make, as `caBundle` contains it.
  private func foreignBundle() throws -> String {
    let other = try CertificateStepTests.made(at: WallClock().now)
    return Data(other.authorities.utf8).base64EncodedString()
  }

  @Test func configurationsMayComeLater() async throws {
    let room = try await Room("later", hasConfigurations: false)
    try await room.running(1) { replicas in
      let isReady = try await eventually { try await replicas[0].readiness() == 200 }
      #expect(isReady)
      try await room.makeConfigurations()
      let secret = try await settled(room, replicas)
      #expect(try await room.bundles() == [String?](repeating: secret.authorities, count: 4))
    }
  }

  @Test func whoMayNotWriteDoesNot() async throws {
    let room = try await Room("forbidden")
    let asked = Atomic(0)
    let mayWrite = Mutex(false)
    try await room.running(
      1,
      mayWrite: {
        asked.wrappingAdd(1, ordering: .relaxed)
        return mayWrite.withLock { $0 }
      }
    ) { replicas in
      // Any replica may create the first Secret; everything else only the leader writes.
      let isReady = try await eventually { try await replicas[0].readiness() == 200 }
      #expect(isReady)
      let before = asked.load(ordering: .relaxed)
      let isAsked = try await eventually { asked.load(ordering: .relaxed) > before + 5 }
      #expect(isAsked)
      #expect(try await room.bundles() == [nil, nil, nil, nil])
      mayWrite.withLock { $0 = true }
      _ = try await settled(room, replicas)
    }
  }
}

/// Waits between writes that another writer undoes.
@Suite struct WriteSpacingTests {
  @Test func growsWhereAnotherWritesTooAndIsForgottenLater() {
    var spacing = WriteSpacing()
    var now = Duration.zero
    var waits: [Duration] = []
    for _ in 0..<9 {
      waits.append(spacing.rest(at: now))
      now += spacing.rest(at: now)
      spacing.wrote(at: now)
    }
    #expect(waits == [0, 1, 2, 4, 8, 16, 32, 60, 60].map { .seconds($0) })
    #expect(spacing.isContested)
    now += .seconds(301)
    #expect(spacing.rest(at: now) == .zero)
    spacing.wrote(at: now)
    #expect(!spacing.isContested)
    #expect(spacing.rest(at: now) == .seconds(1))
  }
}
