import Admission
import ArgumentParser
import Contract
import Controller
import DatabaseSpec
import Foundation
import LibPQ
import OpenSSL
import PostgresProvisioner
import Provisioning
import TextEncoding

/// `postern plan FILE --url URL`
struct Plan: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the SQL that would make a Postgres what the manifest declares; do nothing.",
    discussion: "Passwords are left out. Ends with 0 where there is nothing to do, 3 where there is, 1 where refused.")

  @Argument(help: "The manifest: one labelled Deployment, StatefulSet or Pod.")
  var file: String

  @Option(help: "The Postgres, as its superuser: postgresql://postgres@127.0.0.1:5432/postgres (PGPASSWORD is read).")
  var url: String

  func run() async throws {
    let console = Console()
    try await report(on: console) { () throws(CommandError) in
      let statements = try await plannedStatements(console: console)
      for statement in statements { console.print(statement) }
      if statements.isEmpty { console.print("-- nothing to do") }
      return statements.isEmpty ? .success : .changes
    }
  }

  private func plannedStatements(console: Console) async throws(CommandError) -> [String] {
    let manifests = try ManifestReader().sound(file)
    guard let labelled = manifests.lazy.compactMap(LabelledManifest.init).first else {
      throw .refused(LabelledManifest.noneFound(among: manifests))
    }
    let chain = AdmissionChain.offline(settings: .init())
    let instance = try await AdmittedInstance.admit(labelled, replacing: nil, through: chain)
    guard let described = instance.instance else {
      throw .refused("\(labelled.manifest.kind) \(labelled.manifest.name) is left alone by the webhook")
    }
    let objects = try LocalObjects(manifests).made(for: described, declaredBy: labelled.manifest) { nil }
    for problem in objects.problems { console.error("warning: \(problem.message)") }
    let provisioner = Provisioner(
      settings: try settings(), control: PassControl(log: { _, message, _ in console.error(message) }))
    let wanted = try desired(objects)
    do throws(PostgresError) {
      return try provisioner.plan(wanted)
    } catch {
      let advice = error.hint.map { "; \($0)" } ?? ""
      throw .refused("\(url.split(separator: "@").last ?? ""): \(error.description)\(advice)")
    }
  }

  /// The state that the sidecar would read from a volume with these objects.
  private func desired(_ objects: InstanceObjects) throws(CommandError) -> DesiredState {
    let spec = Array((objects.spec.data[VolumeLayout.specFile] ?? "").utf8)
    let passwords = Array((objects.passwords.data[VolumeLayout.passwordsFile] ?? "").utf8)
    do throws(SpecError) {
      return DesiredState(
        spec: try InstanceSpec(decoding: spec), specHash: Hex.encoded(Digest.sha256(spec)),
        passwords: try PasswordsFile(decoding: passwords).passwords,
        scripts: objects.spec.data.merging(objects.passwords.data) { script, _ in script })
    } catch {
      throw .refused(error.message)
    }
  }

  private func settings() throws(CommandError) -> ConnectionSettings {
    guard let parts = URLComponents(string: url), ["postgresql", "postgres"].contains(parts.scheme ?? ""),
      let user = parts.user
    else {
      throw .refused("--url is not of the form postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
    }
    return ConnectionSettings(
      host: parts.host?.isEmpty == false ? parts.host ?? "" : "127.0.0.1", port: parts.port ?? 5432, user: user,
      password: parts.password ?? ProcessInfo.processInfo.environment["PGPASSWORD"])
  }
}
