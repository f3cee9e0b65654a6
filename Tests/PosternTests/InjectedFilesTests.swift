import Foundation
import JSONBytes
import TestThreads
import Testing

@testable import postern

/// The output of `inject`, as files.
@Suite(.blocking) struct InjectedFilesTests {
  private static let manifest = """
    # The licence stands alone.
    ---
    # A comment.
    kind: ConfigMap   # keys in an order of their own
    apiVersion: v1
    metadata: {name: settings}
    data:
      mode: "0755"
      text: |
        one

        two
    ---
    apiVersion: apps/v1
    kind: StatefulSet
    metadata:
      name: db
      labels: {postern.io/customer: acme}
      annotations: {postern.io/users: shop, postern.io/databases: orders}
    spec:
      serviceName: db
      selector: {matchLabels: {app: db}}
      template:
        metadata: {labels: {app: db}}
        spec:
          volumes:
          - {name: tls, secret: {secretName: t, defaultMode: 0600}}
          containers:
          - {name: postgres, image: "postgres:17", volumeMounts: [{name: tls, mountPath: /tls}]}
    ---
    {apiVersion: v1, kind: Secret, metadata: {name: t}} # flow
    """

  private func inject(_ arguments: [String], _ input: String) throws -> Program.Answer {
    let answer = try Program.run(["inject"] + arguments, input: input)
    #expect(answer.status == 0, "\(answer.errors)")
    return answer
  }

  private func file(_ text: String) throws -> String {
    let file = FileManager.default.temporaryDirectory.appending(path: "secrets-\(UUID().uuidString).yaml")
    try Data(text.utf8).write(to: file)
    return file.path
  }

  private func passwords(_ text: String) throws -> [String: JSONValue] {
    let secrets = try ManifestReader.parse(text, file: "o").filter { $0.kind == "Secret" && $0.name != "t" }
    return Dictionary(uniqueKeysWithValues: secrets.map { ($0.name, $0.object["data"] ?? .null) })
  }

  @Test func whatIsNotChangedIsPrintedAsItWasWritten() throws {
    let output = try inject(["-"], Self.manifest).output
    let documents = output.components(separatedBy: "---\n")
    #expect(Self.manifest.replacing("---\n", with: "").hasPrefix(documents[0]))
    #expect(documents.last == "{apiVersion: v1, kind: Secret, metadata: {name: t}} # flow\n")
    #expect(output.contains("defaultMode: 384"))
    #expect(try inject(["-"], output).output == output)
  }

  @Test func noNamespaceIsWrittenThatNoFileNames() throws {
    let output = try inject(["-"], Self.manifest).output
    #expect(try ManifestReader.parse(output, file: "o").allSatisfy { $0.ownNamespace == nil })
    #expect(try passwords(output)["acme-pg-user-shop"]?["host"] == .string(Data("db".utf8).base64EncodedString()))
    let cluster =
      "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: svc, namespace: other}\n---\n"
    let settled = try inject(["--namespace", "shop", "-"], cluster + Self.manifest).output
    let namespaces = try ManifestReader.parse(settled, file: "o").map { "\($0.kind) \($0.ownNamespace ?? "-")" }
    #expect(namespaces.prefix(3) == ["Namespace -", "Service other", "ConfigMap shop"])
    #expect(namespaces.dropFirst(3).allSatisfy { $0.hasSuffix(" shop") })
    #expect(try inject(["--namespace", "shop", "-"], settled).output == settled)
  }

  @Test func whatIsThereKeepsItsPasswords() throws {
    let first = try passwords(try inject(["-"], Self.manifest).output)
    #expect(first.count == 3)
    // Objects as a cluster returns them: a list, with their namespace.
    var items = ""
    for (name, data) in first.sorted(by: { $0.key < $1.key }) where name != "acme-pg-admin" {
      items += "- {metadata: {name: \(name), namespace: prod}, data: \(String(decoding: data.bytes, as: UTF8.self))}\n"
    }
    let secrets = try file("apiVersion: v1\nkind: SecretList\nitems:\n\(items)")
    defer { try? FileManager.default.removeItem(atPath: secrets) }
    let again = try passwords(try inject(["--secrets", secrets, "-"], Self.manifest).output)
    #expect(again["acme-pg-user-shop"] == first["acme-pg-user-shop"])
    #expect(again["acme-pg-passwords"] == first["acme-pg-passwords"])
    #expect(again["acme-pg-admin"] != first["acme-pg-admin"])
    let two = try file("apiVersion: v1\nkind: SecretList\nitems:\n\(items)- {metadata: {name: x, namespace: test}}\n")
    defer { try? FileManager.default.removeItem(atPath: two) }
    let answer = try Program.run(["inject", "--secrets", two, "-"], input: Self.manifest)
    #expect(answer.status == 1)
    #expect(
      answer.errors.contains(
        "the Secrets are of namespaces prod, test, and the manifests name none; name theirs with --namespace"))
    let named = try passwords(try inject(["--secrets", two, "-n", "prod", "-"], Self.manifest).output)
    #expect(named["acme-pg-user-shop"]?["password"] == first["acme-pg-user-shop"]?["password"])
    #expect(named["acme-pg-user-shop"]?["host"] == .string(Data("db.prod.svc".utf8).base64EncodedString()))
  }

  @Test func secretsThatAreLeftOutAreNamed() throws {
    let answer = try inject(["--no-secrets", "-"], Self.manifest)
    #expect(
      answer.errors.contains(
        "note: -:14: StatefulSet db: its Pods need Secrets acme-pg-passwords, acme-pg-admin; applications find their logins"
          + " in Secret acme-pg-user-shop: not printed, as --no-secrets says"), "\(answer.errors)")
    #expect(try inject(["--no-secrets", "--quiet", "-"], Self.manifest).errors == "")
  }

  @Test func listsAndJSONAreTakenAndStayAsTheyAre() throws {
    let list =
      #"{"apiVersion":"v1","kind":"PodList","items":[{"metadata":{"name":"p","labels":{"postern.io/customer":"c"},"annotations":{"postern.io/users":"shop","x":"\ud83d\ude00"}},"spec":{"containers":[{"name":"postgres","image":"postgres:17"}]}}]}"#
    let output = try inject(["-"], list).output
    #expect(output.contains("POSTGRES_PASSWORD_FILE"))
    let pod = try ManifestReader.parse(output, file: "o").first?.object
    #expect(pod?["metadata"]?["annotations"]?["x"] == .string("😀"))
    #expect(try inject(["-"], output).output == output)
  }

  private static let labelled = "{app.kubernetes.io/managed-by: postern, postern.io/customer: acme, team: shop}"

  /// As the controller leaves alone what others add to its objects.
  @Test func whatSomebodyAddedToWhatIsMadeStays() throws {
    let secret = """
      apiVersion: v1
      kind: Secret
      metadata: {name: acme-pg-user-shop, labels: \(Self.labelled), annotations: {mine: x, postern.io/user: other}}
      stringData: {password: given, extra: z, uri.gone: old}

      """
    let output = try inject(["-"], secret + "---\n" + Self.manifest).output
    let made = try ManifestReader.parse(output, file: "o").filter { $0.name == "acme-pg-user-shop" }
    let object = try #require(made.first).object
    func base64(_ text: String) -> JSONValue { .string(Data(text.utf8).base64EncodedString()) }
    #expect(made.count == 1)
    #expect(object["metadata"]?["labels"]?["team"] == .string("shop"))
    #expect(object["metadata"]?["annotations"]?["mine"] == .string("x"))
    #expect(object["metadata"]?["annotations"]?["postern.io/user"] == .string("shop"))
    #expect(object["data"]?["password"] == base64("given") && object["data"]?["extra"] == base64("z"))
    #expect(object["data"]?["uri.gone"] == nil && object["stringData"] == nil)
    #expect(try inject(["-"], output).output == output)
  }

  @Test func whatIsSomebodyElsesIsLeftAndSaid() throws {
    let others = """
      apiVersion: v1
      kind: Secret
      metadata: {name: acme-pg-user-shop}
      stringData: {password: given}
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: acme-pg-spec}
      ---
      apiVersion: serving.knative.dev/v1
      kind: Service
      metadata: {name: db}

      """
    let manifest = Self.manifest.replacing(
      "postern.io/users: shop", with: "postern.io/users: shop, postern.io/service: make")
    let answer = try inject(["-"], others + "---\n" + manifest)
    let documents = try ManifestReader.parse(answer.output, file: "o")
    #expect(answer.output.hasPrefix(others))
    #expect(
      documents.count { $0.name == "acme-pg-user-shop" } == 1 && documents.count { $0.name == "acme-pg-spec" } == 1)
    #expect(documents.contains { $0.apiVersion == "v1" && $0.kind == "Service" && $0.name == "db" })
    for name in ["Secret \"acme-pg-user-shop\"", "ConfigMap \"acme-pg-spec\""] {
      #expect(answer.errors.contains("\(name) is not Postern's"), "\(answer.errors)")
    }
    let checked = try Program.run(["check", "-"], input: others + "---\n" + manifest)
    #expect(checked.output.contains("warning: Secret \"acme-pg-user-shop\" is not Postern's"), "\(checked.output)")
  }
}
