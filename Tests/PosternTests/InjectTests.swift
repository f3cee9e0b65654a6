import Foundation
import JSONBytes
import TestThreads
import Testing

@testable import postern

@Suite(.blocking) struct InjectTests {
  private static let example = Program.package.appending(path: "Examples/acme.yaml").path

  private func inject(_ arguments: [String], input: String? = nil) throws -> (Program.Answer, [Manifest]) {
    let answer = try Program.run(["inject"] + arguments, input: input)
    return (answer, try ManifestReader.parse(answer.output, file: "out"))
  }

  @Test func printsWorkloadsWithTheSidecarAndWhatIsMadeForThem() throws {
    let (answer, manifests) = try inject([Self.example])
    #expect(answer.status == 0, "\(answer.errors)")
    #expect(
      manifests.map { "\($0.kind) \($0.name)" } == [
        "StatefulSet acme-postgres", "ConfigMap acme-pg-spec", "Secret acme-pg-passwords", "Secret acme-pg-admin",
        "Secret acme-pg-user-shop", "Secret acme-pg-user-analyst", "ConfigMap orders-data", "Secret analyst-login",
      ])
    #expect(manifests.allSatisfy { $0.namespace == "acme" })
    let template = manifests[0].object["spec"]?["template"]
    #expect(template?["metadata"]?["labels"]?["postern.io/customer"]?.string == "acme")
    #expect(template?["metadata"]?["annotations"]?["postern.io/injected"] != nil)
    #expect(template?["spec"]?["initContainers"]?.array?.first?["name"]?.string == "postern")
    let volumes = template?["spec"]?["volumes"]?.array?.compactMap { $0["name"]?.string }
    #expect(volumes == ["postern", "postern-status", "postern-admin"])
    // Everything that the user wrote is still there.
    #expect(manifests[0].object["spec"]?["volumeClaimTemplates"]?.array?.count == 1)
    let original = try ManifestReader().read([Self.example])
    #expect(manifests[0].object["metadata"] == original[0].object["metadata"])
    #expect(manifests[6].object == original[1].object && manifests[7].object == original[2].object)
  }

  private static func served(_ metadata: String = "", replicas: Int = 1) -> String {
    """
    apiVersion: apps/v1
    kind: StatefulSet
    metadata:
      name: db
      \(metadata)
      labels: {postern.io/customer: acme}
      annotations: {postern.io/users: shop, postern.io/databases: orders, postern.io/service: make}
    spec:
      serviceName: pods
      replicas: \(replicas)
      selector: {matchLabels: {app: db}}
      template: {metadata: {labels: {app: db}}, spec: {containers: [{name: postgres, image: "postgres:17"}]}}

    """
  }

  /// The webhook warns of a workload, and of the Pod that comes of it.
  @Test func aWarningIsPrintedOnce() throws {
    let manifest = Self.served().replacing("image: \"postgres:17\"", with: "image: nginx")
    let errors = try inject(["-"], input: manifest.replacing(/annotations: \{.*\}/, with: "")).0.errors
    #expect(errors.split(separator: "\n").count { $0.contains("is no Postgres") } == 1, "\(errors)")
  }

  @Test(arguments: [("", nil), ("namespace: shop", "shop")] as [(String, String?)])
  func theServiceThatIsAskedForIsPrinted(metadata: String, namespace: String?) throws {
    for (replicas, name) in [(1, "db"), (2, "pods")] {
      let (answer, manifests) = try inject(["-"], input: Self.served(metadata, replicas: replicas))
      #expect(answer.status == 0, "\(answer.errors)")
      let service = try #require(manifests.first { $0.kind == "Service" })
      #expect(service.name == name && service.ownNamespace == namespace)
      #expect(service.object["spec"]?["selector"]?["app"]?.string == "db")
      #expect((service.object["spec"]?["clusterIP"]?.string == "None") == (replicas == 2))
      #expect(service.object["metadata"]?["ownerReferences"] == nil)
      let host = manifests.first { $0.name == "acme-pg-user-shop" }?.object["data"]?["host"]?.string
      let first = replicas == 1 ? "db" : "db-0.pods"
      #expect(host == Data((first + (namespace.map { ".\($0).svc" } ?? "")).utf8).base64EncodedString())
      let again = try inject(["-"], input: answer.output).0
      #expect(again.output == answer.output, "\(again.errors)")
      #expect(try Program.run(["check", "-"], input: answer.output).status == 0)
    }
  }

  @Test func aServiceOfTheFilesIsLeftAsItIs() throws {
    let theirs = "apiVersion: v1\nkind: Service\nmetadata: {name: db}\nspec: {ports: [{port: 1}]}\n"
    let (answer, manifests) = try inject(["-"], input: Self.served() + "---\n" + theirs)
    #expect(manifests.count { $0.kind == "Service" } == 1 && answer.output.contains(theirs))
    #expect(answer.errors.contains(#"Service "db" is in the files, and is left as it is"#), "\(answer.errors)")
  }

  @Test func withoutSecretsTheBytesAreAlwaysTheSame() throws {
    let (first, manifests) = try inject(["--no-secrets", Self.example])
    #expect(first.output == (try inject(["--no-secrets", Self.example]).0.output))
    #expect(manifests.filter { $0.kind == "Secret" }.map(\.name) == ["analyst-login"])
  }

  @Test func whatItPrintedIsTakenAgainAndStaysAsItIs() throws {
    let (first, _) = try inject([Self.example])
    let (second, _) = try inject(["-"], input: first.output)
    #expect(second.status == 0, "\(second.errors)")
    #expect(second.output == first.output)
  }

  @Test func whatIsNoWordIsQuotedAndReadAsItWas() throws {
    let texts = [
      "yes", "NULL", "1", "0x1F", "1e3", "~", "", " ", "a: b", "# no comment", "-", "[", "\ttab", "ü", "\u{7}", "a\n",
      "a\nb",
      "  indented\nless", "trailing \nx", "\n", "é\u{2028}x", "'", "\"", "\\", "plain-word_1.2/3", "2026-11-21", "=",
      "!x", "%",
    ]
    var data = JSONObject()
    for (index, text) in texts.enumerated() { data["k\(index)"] = .string(text) }
    var manifest = JSONObject()
    manifest["apiVersion"] = .string("v1")
    manifest["kind"] = .string("X")
    manifest["data"] = .object(data)
    let parsed = try ManifestReader.parse(try JSONValue.object(manifest).yaml(), file: "x")
    #expect(parsed.first?.object["data"] == .object(data))
  }

  @Test func refusesAllThatIsWrongAndPrintsNoManifest() throws {
    let answer = try Program.run(["inject", "-"], input: CheckTests.broken)
    #expect(answer.status == 1)
    #expect(answer.output == "")
    #expect(answer.errors.contains("ownr") && answer.errors.contains("password"))
    #expect(!answer.errors.contains("hunter2"))
    #expect(try Program.run(["inject", "/no/file"]).status == 2)
  }

  @Test func takesTheAdminsChoices() throws {
    let (answer, manifests) = try inject(
      ["--sidecar-mode", "classic", "--sidecar-image", "registry.example/sidecar:1", "--no-secrets", Self.example])
    #expect(answer.status == 0, "\(answer.errors)")
    let containers = manifests[0].object["spec"]?["template"]?["spec"]?["containers"]?.array
    #expect(containers?.last?["image"]?.string == "registry.example/sidecar:1")
  }
}
