import Foundation
import CoreMetrics
import JSONBytes
import KubernetesAPI
import TestSupport
import Testing

@testable import KubernetesClient

/// Several kubeconfigs, contexts, and programs that give credentials, as kubectl has them.
@Suite struct KubeconfigTests {
  /// A folder of this test, which is removed with the tests' authority.
  private let folder: URL

  init() throws {
    folder = try authority.get().folder.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
  }

  private func path(_ name: String) -> String { folder.appending(path: name).path }

  private func write(_ name: String, _ text: String, mode: Int = 0o644) throws {
    let url = folder.appending(path: name)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: url.path)
  }

  private func message(_ work: () throws -> Void) -> String {
    do { try work() } catch { return "\(error)".replacing(folder.path, with: "F") }
    return "none"
  }

  // MARK: Files

  /// The first file that names a cluster, a user, a context or the current context decides.
  @Test func severalFilesAreMerged() throws {
    try write(
      "a/config",
      """
      contexts: [{name: x, context: {cluster: c, user: u}}]
      clusters: [{name: c, cluster: {server: "https://first"}}]
      """)
    try write(
      "b/config",
      """
      current-context: x
      clusters: [{name: c, cluster: {server: "https://second", tls-server-name: second}}]
      users: [{name: u, user: {tokenFile: token}}]
      contexts: [{name: x, context: {namespace: other}}, {name: y, context: {cluster: c, user: u, namespace: shop}}]
      """)
    try write("empty", "")
    let list = [path("empty"), path("none"), "", path("a/config"), path("b/config"), path("a/config")]
      .joined(separator: ":")
    let environment = { $0 == "KUBECONFIG" ? list : nil }
    let current = try ClusterConfiguration.kubeconfig(environment: environment)
    #expect(current.host == "first" && current.namespace == nil && current.tlsServerName == nil)
    guard case .tokenFile(path("b/token")) = current.credential else {
      Issue.record("\(current.credential)")
      return
    }
    let chosen = try ClusterConfiguration.kubeconfig(context: "y", environment: environment)
    #expect(chosen.namespace == "shop")
    #expect(
      message { _ = try ClusterConfiguration.kubeconfig(context: "z", environment: environment) }
        == #"F/empty:F/a/config:F/b/config: there is no context "z"; there are: x, y"#)
    #expect(
      message { _ = try ClusterConfiguration.kubeconfig(path("none"), environment: environment) }
        .hasPrefix("F/none: No such file"))
  }

  @Test func aFileThatIsThereComesBeforeTheClusterThatThisRunsIn() throws {
    try write(".kube/config", "current-context: x")
    let inCluster = ["KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"]
    func place(_ environment: [String: String], context: String? = nil) -> String {
      message { _ = try ClusterConfiguration.asKubectl(context: context) { environment[$0] } }
    }
    #expect(place(inCluster.merging(["HOME": folder.path]) { $1 }).hasPrefix("F/.kube/config: there is no context"))
    #expect(place(inCluster.merging(["HOME": "/nonexistent"]) { $1 }).hasPrefix("/var/run/secrets/"))
    #expect(place(inCluster.merging(["HOME": "/nonexistent"]) { $1 }, context: "x").hasPrefix("/nonexistent/.kube"))
    #expect(place(["HOME": "/nonexistent"]).hasPrefix("/nonexistent/.kube/config"))
  }

  // MARK: Text

  /// A kubeconfig whose context is as given.
  private static func text(context: String = "{cluster: c, user: u, namespace: shop}") -> String {
    """
    current-context: x
    clusters: [{name: c, cluster: {server: "https://h"}}]
    users: [{name: u, user: {token: t}}]
    contexts: [{name: x, context: \(context)}]

    """
  }

  private func read(_ bytes: [UInt8]) throws -> ClusterConfiguration {
    try Data(bytes).write(to: folder.appending(path: "config"))
    return try .kubeconfig(path("config"))
  }

  @Test(arguments: [String.Encoding.utf8, .utf16LittleEndian, .utf16BigEndian])
  func aByteOrderMarkTellsTheEncoding(encoding: String.Encoding) throws {
    let text = "\u{FEFF}" + Self.text(context: "{cluster: c, user: u, namespace: größe}")
    #expect(try read(Array(#require(text.data(using: encoding)))).namespace == "größe")
  }

  /// Texts, and the namespace that kubectl 1.36 finds.
  private static let texts: [(text: String, namespace: String?)] = [
    // The first document
    (text() + "---\ncurrent-context: y\n", "shop"), ("---\n" + text() + "---\n[a: }\n", "shop"),
    (text() + "...\n[a: }\n", "shop"), ("%YAML 1.1\n---\n" + text(), "shop"),
    // The last member
    ("current-context: y\n" + text(), "shop"), ("contexts: []\n" + text(), "shop"),
    (text(context: "{cluster: c, user: u, namespace: a, namespace: b}"), "b"),
    // Merge keys
    ("a: &a {namespace: a}\n" + text(context: "{cluster: c, user: u, <<: *a}"), "a"),
    ("a: &a {namespace: a}\n" + text(context: "{<<: *a, cluster: c, user: u, namespace: shop}"), "shop"),
    ("a: &a {namespace: a}\n" + text(context: "{cluster: c, user: u, namespace: shop, <<: *a}"), "a"),
    ("a: [&a {namespace: a}, &b {namespace: b}]\n" + text(context: "{<<: [*a, *b], cluster: c, user: u}"), "a"),
    ("a: [&a {namespace: a}, &b {namespace: b}]\n" + text(context: "{<<: *a, <<: *b, cluster: c, user: u}"), "b"),
    ("a: [&a {namespace: a}, &b {<<: *a}]\n" + text(context: "{<<: *b, cluster: c, user: u}"), "a"),
    ("a: &a {namespace: a}\n" + text(context: "{!!merge '<<': *a, cluster: c, user: u}"), "a"),
    ("a: &a {namespace: a}\n" + text(context: "{'<<': *a, cluster: c, user: u}"), nil),
    // Nothing
    (text(context: "{cluster: c, user: u, namespace: NULL}"), nil),
    (text(context: "{cluster: c, user: u, namespace: ''}"), nil),
    (text(context: "{cluster: c, user: u, namespace: 'null'}"), "null"),
  ]

  @Test(arguments: texts) func aTextIsReadAsKubectlReadsIt(text: String, namespace: String?) throws {
    #expect(try read(Array(text.utf8)).namespace == namespace)
  }

  @Test(arguments: ["", "# nothing\n", "---\n---\n" + text(), "--- ~"])
  func aTextWithoutAValueHasNoEntries(text: String) {
    #expect(message { _ = try read(Array(text.utf8)) }.hasPrefix("F/config: there is no current-context;"))
  }

  /// What is added to a text whose four lines are right.
  private static let mistakes: [(addition: String, expected: String)] = [
    ("a: b: c\n", "line 5: it is no YAML: mapping values are not allowed in this context; correct the line, or name"),
    ("a: \u{1}hunter2\n", "line 5: it is no YAML: control characters are not allowed; save it as UTF-8, "),
    ("a: *hunter2\n", "line 5: it is no YAML: found undefined alias; correct the line"),
    ("a:\n  <<: hunter2\n", "line 6: it is no YAML: << needs a mapping, or a list of mappings, as its value; "),
    ("users: {}\n", "line 5: users is no list; begin each entry with a hyphen: - name: NAME"),
    ("users:\n- {name: u, user: hunter2}\n", #"line 6: user "u": it is no mapping; write members below user:"#),
    ("users:\n- {name: u, user: {}}\n- {name: u, user: {}}\n", #"line 7: user "u": the list has another with this"#),
    (
      "clusters: [{name: c, cluster:\n  {server: 'https://h', insecure-skip-tls-verify: 'true'}}]\n",
      #"line 6: cluster "c": insecure-skip-tls-verify is neither true nor false; "#
    ),
    (
      "users: [{name: u, user: {\n  client-key: k,\n  client-certificate-data: '*hunter2'}}]\n",
      #"line 7: user "u": client-certificate-data is no base64; "#
    ),
    // As `kubectl config view` prints it
    (
      "clusters:\n- cluster:\n    certificate-authority-data: DATA+OMITTED\n    server: https://h\n  name: c\n",
      #"line 7: cluster "c": certificate-authority-data was left out when this was printed; take what kubectl "#
    ),
    (
      "users:\n- name: u\n  user:\n    token: REDACTED\n",
      #"line 8: user "u": token was left out when this was printed; "#
    ),
    ("users: [{name: u, user: {password: hunter2,\n  username: bob}}]\n", #"line 6: user "u": username is not"#),
    ("users: [{name: u, user:\n  {exec: {args: [hunter2]}}}]\n", #"line 6: user "u": exec: there is no command; "#),
  ]

  @Test(arguments: mistakes) func aMistakeIsToldWithItsLine(addition: String, expected: String) {
    let said = message { _ = try read(Array((Self.text() + addition).utf8)) }
    #expect(said.hasPrefix("F/config, \(expected)"), "\(said)")
    #expect(!said.contains("hunter2"))
  }

  @Test func bytesThatAreNoTextAreToldWithTheirLine() {
    let utf16 = [0xFE, 0xFF, 0, 0x61, 0, 0x0A, 0xDC, 0] as [UInt8]
    for (bytes, line) in [(Array((Self.text() + "a: ").utf8) + [0xFF, 0x0A], 5), (utf16, 2)] {
      let said = message { _ = try read(bytes) }
      #expect(said.hasPrefix("F/config, line \(line): it is no YAML: ") && said.contains("save it as UTF-8"), "\(said)")
    }
  }

  @Test func repeatedMergesEnd() {
    let text = "a:\n- &a0 {a: b}\n" + (1...60).map { "- &a\($0) {<<: [*a\($0 - 1), *a\($0 - 1)]}\n" }.joined()
    #expect(message { _ = try read(Array(text.utf8)) }.contains("aliases repeat too many values"))
  }

  // MARK: Programs

  private func kubeconfig(port: Int = 1, exec: String) throws -> ClusterConfiguration {
    try write(
      "config",
      TestSupport.kubeconfig(
        port: port, authorityFile: authority.get().authorityFile, serverName: "localhost", user: "exec: {\(exec)}"))
    return try .kubeconfig(path("config"))
  }

  private func program(_ answer: String) throws {
    try write(
      "bin/login", "#!/bin/sh\ncd '\(folder.path)'\nprintf %s \"$KUBERNETES_EXEC_INFO\" >asked\n\(answer)\n",
      mode: 0o755)
  }

  private static let v1 = "apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never"

  private func credential(_ status: String, _ version: String = "v1") -> String {
    #"{"apiVersion":"client.authentication.k8s.io/\#(version)","kind":"ExecCredential","status":{\#(status)}}"#
  }

  /// The first token is refused, the second has expired, and the third stays.
  @Test func aProgramIsRunAgainWhenItsTokenIsRefusedOrHasExpired() async throws {
    let server = try await FakeServer.start(defaultPair.get()) { _, request in
      request.token == "Bearer t1" ? .status(401, "Unauthorized", "no") : .json(200, "{}")
    }
    try program(
      """
      echo >>runs; n=$(wc -l <runs)
      [ $n = 2 ] && expires=2020-01-01T00:00:00Z || expires=2999-01-01T00:00:00Z
      printf '{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential",'
      printf '"status":{"token":"t%s%s","expirationTimestamp":"%s"}}' $n "$SUFFIX$1" $expires
      """)
    let configuration = try kubeconfig(
      port: server.port,
      exec: "apiVersion: client.authentication.k8s.io/v1beta1, command: bin/login, provideClusterInfo: true")
    #expect("\(configuration.credential)" == "the tokens of a program")
    let asked = try json(String(contentsOfFile: path("asked"), encoding: .utf8))
    #expect(asked["spec"]?["cluster"]?["server"]?.string == "https://127.0.0.1:\(server.port)")
    #expect(asked["spec"]?["cluster"]?["tls-server-name"]?.string == "localhost")
    #expect(asked["spec"]?["cluster"]?["certificate-authority-data"]?.string?.isEmpty == false)
    let client = KubernetesClient(configuration, metrics: ClientMetrics(NOOPMetricsHandler.instance), logger: silent)
    for _ in 0..<3 { _ = try await client.get(.namespaces, "a") }
    await client.shutdown()
    #expect(server.requests.map(\.token) == ["Bearer t1", "Bearer t2", "Bearer t3", "Bearer t3"])
    await server.stop()
  }

  @Test func aProgramGetsItsArgumentsAndVariablesAndMayGiveACertificate() async throws {
    let server = try await FakeServer.start(defaultPair.get()) { _, _ in .json(200, "{}") }
    let pair = try authority.get().issue("exec-client-\(UUID().uuidString)")
    let text = { (file: String) in
      try String(contentsOfFile: file, encoding: .utf8).replacing("\n", with: "\\n")
    }
    try write(
      "answer",
      try credential(
        #""clientCertificateData":"\#(text(pair.certificateFile))","clientKeyData":"\#(text(pair.privateKeyFile))""#))
    try program(#"[ "$1 $2 $PROFILE" = "a b c" ] && cat answer"#)
    let configuration = try kubeconfig(
      port: server.port,
      exec: "\(Self.v1), command: ./bin/login, args: [a, b], env: [{name: PROFILE, value: c}]")
    let client = KubernetesClient(configuration, metrics: ClientMetrics(NOOPMetricsHandler.instance), logger: silent)
    _ = try await client.get(.namespaces, "a")
    await client.shutdown()
    #expect(server.requests.map { $0.certificate != nil } == [true])
    #expect(server.requests.map(\.token) == [nil])
    await server.stop()
  }

  @Test func whatIsWrongWithAProgramIsSaid() throws {
    let user = #"F/config, line 2: user "u": exec"#
    func wrong(_ exec: String) -> String { message { _ = try kubeconfig(exec: exec) } }
    #expect(wrong(Self.v1) == "\(user): there is no command; write the program's name")
    #expect(
      wrong("apiVersion: client.authentication.k8s.io/v1alpha1, command: x").hasPrefix(
        #"\#(user): apiVersion is "client.authentication.k8s.io/v1alpha1"; "#))
    #expect(wrong("apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Often").contains("Often"))
    #expect(
      wrong("\(Self.v1), command: postern-no-such-login, installHint: get it")
        == #"\#(user): there is no program "postern-no-such-login"; get it"#)
    #expect(
      wrong("\(Self.v1), command: bin/none") == #"\#(user): there is no program "F/bin/none"; "#
        + "install it, or let PATH name its folder")
    try write("bin/login", "no program", mode: 0o644)
    #expect(wrong("\(Self.v1), command: bin/login").contains("make it executable"))
    try write("bin/login", "no program", mode: 0o755)
    #expect(wrong("\(Self.v1), command: bin/login").contains("begin a script with #!"))
    try program("echo '{}'; exit 3")
    #expect(wrong("\(Self.v1), command: bin/login").contains("it ended with 3"))
    // What it prints may be a credential, so it is not repeated.
    for answer in [
      "", "hunter2", credential(""), credential(#""token":"hunter2""#, "v1beta1"),
      credential(#""clientCertificateData":"hunter2""#),
    ] {
      try program("echo '\(answer)'")
      let said = wrong("\(Self.v1), command: bin/login")
      #expect(said.contains("it gave no ExecCredential") && !said.contains("hunter2"), "\(said)")
    }
    try program("echo '\(credential(#""clientCertificateData":"hunter2","clientKeyData":"hunter2""#))'")
    #expect(wrong("\(Self.v1), command: bin/login").contains("are no PEM pair"))
  }
}
