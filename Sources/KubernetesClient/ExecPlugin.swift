import FoundationEssentials
import JSONBytes
import Linux
import NIOSSL
import TextEncoding
import YAML

/// A program that gives the user's credential (Kubernetes docs, "client-go credential plugins").
struct ExecPlugin: Sendable {
  /// The user of the kubeconfig that names it.
  private let place: String
  private let apiVersion: String
  private let command: String
  private let arguments: [String]
  private let variables: [String: String]
  private let installHint: String?
  /// Whether it may, or must, ask the user at the terminal.
  private let mayAsk: Bool
  private let mustAsk: Bool
  /// `spec.cluster`, for a program that asks for it.
  private let cluster: JSONValue?

  /// How many milliseconds a program may take that cannot ask anybody.
  private static let patience = 120_000
  private static let group = "client.authentication.k8s.io/"

  /// Nil where the user has no program.
  init?(_ user: KubeconfigEntry, for cluster: KubeconfigEntry) throws(ConfigurationError) {
    guard let node = user.member("exec") else { return nil }
    let exec = KubeconfigEntry(file: user.file, title: "\(user.title): exec", node: node)
    func wrong(_ reason: String, _ hint: String) -> ConfigurationError {
      ConfigurationError(place: exec.place, reason: reason, hint: hint)
    }
    guard let command = exec.text("command") else { throw wrong("there is no command", "write the program's name") }
    apiVersion = exec.text("apiVersion") ?? ""
    guard ["\(Self.group)v1", "\(Self.group)v1beta1"].contains(apiVersion) else {
      throw wrong("apiVersion is \"\(apiVersion)\"", "\(Self.group)v1 and \(Self.group)v1beta1 are supported")
    }
    let mode = exec.text("interactiveMode") ?? "IfAvailable"
    guard ["Never", "IfAvailable", "Always"].contains(mode) else {
      throw wrong("interactiveMode is \"\(mode)\"", "write Never, IfAvailable or Always")
    }
    (mayAsk, mustAsk) = (mode != "Never", mode == "Always")
    place = exec.place
    // A program in a folder is found from the kubeconfig's folder; another in PATH.
    self.command = command.contains("/") ? exec.absolute(command) : command
    arguments = exec.member("args")?.elements?.compactMap(\.text) ?? []
    var variables: [String: String] = [:]
    for variable in exec.member("env")?.elements ?? [] {
      if let name = variable["name"]?.text { variables[name] = variable["value"]?.text ?? "" }
    }
    self.variables = variables
    installHint = exec.text("installHint")
    self.cluster = try exec.isTrue("provideClusterInfo") ? try Self.information(of: cluster) : nil
  }

  private static func information(of cluster: KubeconfigEntry) throws(ConfigurationError) -> JSONValue {
    .members([
      ("server", .string(cluster.text("server") ?? "")),
      ("tls-server-name", cluster.text("tls-server-name").map { .string($0) }),
      ("insecure-skip-tls-verify", try cluster.isTrue("insecure-skip-tls-verify") ? .bool(true) : nil),
      (
        "certificate-authority-data",
        try cluster.bytes("certificate-authority").map { .string(Base64.encoded($0)) }
      ),
    ])
  }

  /// Runs the program once, and gives a configuration the credential: a client certificate for all its connections, or
  /// a token, which is asked for again when it has expired or is refused.
  func complete(_ configuration: inout ClusterConfiguration) throws(ConfigurationError) {
    let credential = try run()
    if let chain = credential.certificate, let key = credential.key {
      guard configuration.tls.authenticate(chain: Array(chain.utf8), key: Array(key.utf8)) else {
        throw failure("clientCertificateData and clientKeyData are no PEM pair")
      }
    }
    guard credential.token != nil else { return }
    configuration.credential = .program(ExecTokens(self, first: credential))
  }

  /// Runs the program. It blocks the thread.
  func run() throws(ConfigurationError) -> ExecCredential {
    let isTerminal = CurrentProcess.inputIsTerminal
    guard isTerminal || !mustAsk else { throw failure("it wants a terminal (interactiveMode: Always)") }
    let isAsking = isTerminal && mayAsk
    var program = ChildProgram(try path(), arguments)
    var environment = ProcessInfo.processInfo.environment.merging(variables) { $1 }
    environment["KUBERNETES_EXEC_INFO"] = question(isInteractive: isAsking)
    program.environment = environment
    program.input = isAsking ? .inherited : .nothing
    program.output = .collected
    let answer: ChildAnswer
    // Who is asked may take any time, and can interrupt; else nobody would notice.
    do throws(FileError) { answer = try program.answer(within: isAsking ? nil : Self.patience) } catch {
      throw failure("it cannot be run: \(error.reason)")
    }
    guard !answer.wasLate else { throw failure("it did not end within \(Self.patience / 1000) seconds") }
    guard answer.status == 0 else { throw failure(answer.end.message) }
    guard let credential = ExecCredential(decoding: answer.output, apiVersion: apiVersion) else {
      throw failure("it gave no ExecCredential of \(apiVersion) with a token or a certificate")
    }
    return credential
  }

  private func path() throws(ConfigurationError) -> String {
    // A file that may not be run is told by its start.
    let file = command.contains("/") && File.exists(command) ? command : nil
    guard let path = file ?? ChildProgram.path(of: command) else {
      throw ConfigurationError(
        place: place, reason: "there is no program \"\(command)\"",
        hint: installHint ?? "install it, or let PATH name its folder")
    }
    return path
  }

  private func failure(_ reason: String) -> ConfigurationError {
    ConfigurationError(
      place: place, reason: "\(command): \(reason)", hint: "see what it says where it is run by itself")
  }

  /// What the program reads in its environment.
  private func question(isInteractive: Bool) -> String {
    let question = JSONValue.members([
      ("apiVersion", .string(apiVersion)), ("kind", .string("ExecCredential")),
      ("spec", .members([("cluster", cluster), ("interactive", .bool(isInteractive))])),
    ])
    return String(decoding: question.bytes, as: UTF8.self)
  }
}
