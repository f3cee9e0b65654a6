import Foundation
import Logging
import NIOSSL
import PrometheusText
import Synchronization
import TestSupport
import Testing

@testable import WebhookServer

/// How the certificate is loaded and renewed, and when the old one is kept.
@Suite struct CertificateTests {
  /// The two files as a server reads them, in a folder of their own, and ways to replace them.
  struct Mounted {
    let folder: URL
    let pair: Certificates.Pair

    /// Lays out the files as the kubelet does for a Secret: they are links into `..data`, which is itself a link that
    /// is swapped.
    init(_ first: Certificates.Pair) throws {
      folder = try authority.get().folder.appending(path: UUID().uuidString)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      pair = Certificates.Pair(
        certificateFile: folder.appending(path: "tls.crt").path, privateKeyFile: folder.appending(path: "tls.key").path)
      try FileManager.default.createSymbolicLink(
        atPath: pair.certificateFile, withDestinationPath: "..data/tls.crt")
      try FileManager.default.createSymbolicLink(atPath: pair.privateKeyFile, withDestinationPath: "..data/tls.key")
      try swap(try Contents(first))
    }

    func swap(_ contents: Contents) throws {
      let data = folder.appending(path: "..\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: data, withIntermediateDirectories: false)
      try contents.certificate?.write(to: data.appending(path: "tls.crt"))
      try contents.key?.write(to: data.appending(path: "tls.key"))
      let link = folder.appending(path: "..new")
      try FileManager.default.createSymbolicLink(
        atPath: link.path, withDestinationPath: data.lastPathComponent)
      guard unsafe rename(link.path, folder.appending(path: "..data").path) == 0 else {
        throw CocoaError(.fileWriteUnknown)
      }
    }
  }

  /// The contents of the two files; nil: the file is missing.
  struct Contents {
    var certificate: Data?
    var key: Data?

    init(_ pair: Certificates.Pair) throws {
      certificate = try Data(contentsOf: URL(filePath: pair.certificateFile))
      key = try Data(contentsOf: URL(filePath: pair.privateKeyFile))
    }
  }

  /// Ways in which a pair can be unusable.
  enum Fault: CaseIterable, Sendable {
    case certificateCutShort, certificateEmpty, certificateMissing, keyCutShort, keyEmpty, keyMissing, otherKey
    case keyOfAnotherType, expired, chainCutShort, tooLarge

    func applied(to pair: Certificates.Pair, _ name: String) throws -> Contents {
      var contents = try Contents(pair)
      switch self {
      case .certificateCutShort: contents.certificate?.removeLast(200)
      case .certificateEmpty: contents.certificate = Data()
      case .certificateMissing: contents.certificate = nil
      case .keyCutShort: contents.key?.removeLast(100)
      case .keyEmpty: contents.key = Data()
      case .keyMissing: contents.key = nil
      case .otherKey: contents.key = try Contents(authority.get().issue("other-\(name)")).key
      case .keyOfAnotherType: contents.key = Data(Self.ed25519Key.utf8)
      case .expired: contents = try Contents(authority.get().issue("expired-\(name)", .expired))
      case .chainCutShort: contents.certificate?.append(Data("-----BEGIN CERTIFICATE-----\nMIIB\n".utf8))
      case .tooLarge: contents.certificate?.append(Data(repeating: 0x0A, count: 1 << 20))
      }
      return contents
    }

    func error(for pair: Certificates.Pair) -> ServerError {
      switch self {
      case .certificateCutShort, .certificateEmpty, .chainCutShort: .notACertificate(file: pair.certificateFile)
      case .certificateMissing: .cannotRead(file: pair.certificateFile, reason: "No such file or directory")
      case .keyCutShort, .keyEmpty: .notAPrivateKey(file: pair.privateKeyFile)
      case .keyMissing: .cannotRead(file: pair.privateKeyFile, reason: "No such file or directory")
      case .otherKey, .keyOfAnotherType:
        .keyMismatch(certificateFile: pair.certificateFile, privateKeyFile: pair.privateKeyFile)
      case .expired: .certificateExpired(file: pair.certificateFile, at: 1_577_923_200)
      case .tooLarge: .cannotRead(file: pair.certificateFile, reason: "it is larger than 1048576 bytes")
      }
    }

    /// The example of RFC 8410 §10.3.
    static let ed25519Key = """
      -----BEGIN PRIVATE KEY-----
      MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
      -----END PRIVATE KEY-----

      """
  }

  @Test(arguments: Fault.allCases) func aPairThatIsNoGoodKeepsTheServerFromStarting(_ fault: Fault) async throws {
    let mounted = try Mounted(defaultPair.get())
    try mounted.swap(fault.applied(to: defaultPair.get(), "start"))
    let error = await #expect(throws: ServerError.self) {
      try await WebhookServer.start(
        configuration(mounted.pair), logger: silent, metrics: ServerMetrics(PrometheusRegistry([])),
        health: ServerHealth(),
        answer: echo)
    }
    #expect(error == fault.error(for: mounted.pair))
    #expect(error?.message.contains(mounted.folder.path) == true)
  }

  @Test(arguments: Fault.allCases) func aPairThatIsNoGoodKeepsTheOldOneAndIsSaidOnce(_ fault: Fault) async throws {
    let mounted = try Mounted(defaultPair.get())
    let log = RecordingLog()
    let replacement = try authority.get().issue("replacement-\(fault)")
    var configuration = try configuration(mounted.pair)
    configuration.tlsReloadInterval = .seconds(3600)
    let registry = PrometheusRegistry(ServerMetrics.families)
    try await serving(configuration, logger: log.logger, registry: registry) { server in
      let serial = try await server.client().serverSerial()
      try mounted.swap(fault.applied(to: replacement, "reload"))
      for _ in 1...3 {
        #expect(!server.reloadNow())
        #expect(registry.reloadFailures == "1")
      }
      #expect(
        log.errors == [
          "certificate not reloaded, the old one stays: \(fault.error(for: mounted.pair).message)"
        ])
      let client = try await server.client()
      #expect(try await client.serverSerial() == serial)
      #expect(try await client.post("/mutate", [0x7B, 0x7D]).text == "m{}")
      try mounted.swap(Contents(replacement))
      #expect(server.reloadNow())
      #expect(try await server.client().serverSerial() != serial)
      #expect(registry.reloadFailures == "1")
    }
  }

  @Test func filesThatDidNotChangeAreNoNews() async throws {
    let mounted = try Mounted(defaultPair.get())
    let registry = PrometheusRegistry(ServerMetrics.families)
    try await serving(configuration(mounted.pair), registry: registry) { server in
      #expect(!server.reloadNow())
      try mounted.swap(Contents(defaultPair.get()))
      #expect(!server.reloadNow())
      #expect(registry.reloadFailures == "0")
    }
  }

  @Test func theSameFaultAfterAGoodPairIsCountedAgain() async throws {
    let mounted = try Mounted(defaultPair.get())
    let fault = try Fault.keyEmpty.applied(to: defaultPair.get(), "again")
    var configuration = try configuration(mounted.pair)
    configuration.tlsReloadInterval = .seconds(3600)
    let registry = PrometheusRegistry(ServerMetrics.families)
    try await serving(configuration, registry: registry) { server in
      try mounted.swap(fault)
      #expect(!server.reloadNow())
      try mounted.swap(Contents(defaultPair.get()))
      #expect(!server.reloadNow())
      try mounted.swap(fault)
      #expect(!server.reloadNow())
      #expect(registry.reloadFailures == "2")
    }
  }

  @Test func whileCertificatesAreSwappedNoRequestFailsAndTheNewOneIsServed() async throws {
    let mounted = try Mounted(defaultPair.get())
    let pairs = try (1...3).map { try authority.get().issue("rotated-\($0)") }
    var configuration = try configuration(mounted.pair)
    configuration.tlsReloadInterval = .milliseconds(5)
    let registry = PrometheusRegistry(ServerMetrics.families)
    try await serving(configuration, registry: registry) { server in
      let old = try await server.client()
      let oldSerial = try await old.serverSerial()
      let isDone = Flag()
      try await withThrowingTaskGroup { group in
        for _ in 1...3 {
          group.addTask {
            while !isDone.isSet {
              let client = try await server.client()
              #expect(try await client.post("/mutate", [0x7B, 0x7D]).text == "m{}")
              await client.close()
            }
          }
        }
        for pair in pairs {
          let expected = try NIOSSLCertificate.fromPEMFile(pair.certificateFile).first?.serialNumber
          try mounted.swap(Contents(pair))
          #expect(try await eventually { try await server.client().serverSerial() == expected })
          #expect(try await old.post("/mutate", [0x7B, 0x7D]).text == "m{}")
        }
        isDone.set()
        try await group.waitForAll()
      }
      #expect(try await old.serverSerial() == oldSerial)
      #expect(registry.reloadFailures == "0")
    }
  }
}

/// Keeps the messages that are logged as errors.
final class RecordingLog: LogHandler, Sendable {
  private let messages = Mutex<[String]>([])

  var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }
  var logLevel: Logger.Level {
    get { .error }
    set {}
  }
  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { nil }
    set {}
  }

  var errors: [String] { messages.withLock { $0 } }
  var logger: Logger { Logger(label: "test") { _ in self } }

  func log(event: LogEvent) {
    messages.withLock { $0.append("\(event.message)") }
  }
}
