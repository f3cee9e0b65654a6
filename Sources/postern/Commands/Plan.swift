import Contract
import Admission
import ArgumentParser
import Controller
import DatabaseSpec
import Declarations
import Foundation
import LibPQ
import OpenSSL
import PostgresProvisioner
import Provisioning

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
    let statements: [String]
    do {
      statements = try await plannedStatements(console: console)
    } catch let error as ManifestError {
      console.error("error: \(error)")
      throw ExitCode(ExitStatus.unreadable)
    } catch let failure as TrialFailure {
      for line in failure.lines { console.error(line) }
      throw ExitCode(ExitStatus.refused)
    }
    guard !statements.isEmpty else {
      console.print("-- nothing to do")
      return
    }
    for statement in statements { console.print(statement) }
    throw ExitCode(ExitStatus.changes)
  }

  private func plannedStatements(console: Console) async throws -> [String] {
    let manifests = try ManifestReader().read([file])
    guard let labelled = manifests.lazy.compactMap(LabelledManifest.init).first else {
      throw TrialFailure(LabelledManifest.noneFound(among: manifests))
    }
    let chain = AdmissionChain.offline(settings: .init())
    let instance = try await AdmittedInstance.admit(labelled, replacing: nil, through: chain)
    guard let described = instance.instance else {
      throw TrialFailure("\(labelled.manifest.kind) \(labelled.manifest.name) is left alone by the webhook")
    }
    let sources = LocalObjects(manifests).sources(namespace: labelled.manifest.namespace)
    let objects: InstanceObjects
    do throws(FlatFileError) {
      objects = try InstanceObjects.make(for: described, from: sources) { nil }
    } catch {
      throw TrialFailure(lines: error.messages.map { "error: \($0)" })
    }
    for problem in objects.problems { console.error("warning: \(problem.message)") }
    let provisioner = Provisioner(
      settings: try settings(), log: { _, message, _ in console.error(message) }, shouldStop: { false })
    let wanted = try desired(objects)
    do throws(PostgresError) {
      return try provisioner.plan(wanted)
    } catch {
      throw TrialFailure("\(url.split(separator: "@").last ?? ""): \(error.description)")
    }
  }

  /// What the sidecar would read from the volume of these objects.
  private func desired(_ objects: InstanceObjects) throws(TrialFailure) -> DesiredState {
    let spec = Array((objects.spec.data[VolumeLayout.specFile] ?? "").utf8)
    let passwords = Array((objects.passwords.data[VolumeLayout.passwordsFile] ?? "").utf8)
    do throws(SpecError) {
      return DesiredState(
        spec: try InstanceSpec(decoding: spec), specHash: Encoding.hex(Digest.sha256(spec)),
        passwords: try PasswordsFile(decoding: passwords).passwords,
        scripts: objects.spec.data.merging(objects.passwords.data) { script, _ in script })
    } catch {
      throw TrialFailure(error.message)
    }
  }

  private func settings() throws(TrialFailure) -> ConnectionSettings {
    guard let parts = URLComponents(string: url), ["postgresql", "postgres"].contains(parts.scheme ?? ""),
      let user = parts.user
    else {
      throw TrialFailure("--url is not of the form postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
    }
    return ConnectionSettings(
      host: parts.host?.isEmpty == false ? parts.host ?? "" : "127.0.0.1", port: parts.port ?? 5432, user: user,
      password: parts.password ?? ProcessInfo.processInfo.environment["PGPASSWORD"])
  }
}
