import Admission
import Contract
import Controller
import DatabaseSpec
import Instances
import LibPQ
import OpenSSL
import PostgresProvisioner
import Provisioning
import TextEncoding

/// A manifest's customer, for which SQL is planned.
struct PlannedInstance: Sendable {
  let manifest: Manifest
  let instance: Instance

  /// Sends the first labelled manifest through the webhook's code.
  init(_ manifests: [Manifest]) async throws(CommandError) {
    guard let labelled = manifests.lazy.compactMap(LabelledManifest.init).first else {
      throw .refused(LabelledManifest.noneFound(among: manifests))
    }
    let admitted = try await AdmittedInstance.admit(
      labelled, replacing: nil, through: AdmissionChain.offline(settings: .init()))
    guard let instance = admitted.instance else {
      throw .refused("\(labelled.manifest.kind) \(labelled.manifest.name) is left alone by the webhook")
    }
    (manifest, self.instance) = (labelled.manifest, instance)
  }

  /// The statements that would make a server what the manifest declares, without passwords. It blocks the thread.
  /// - Parameter place: the server, for people.
  func statements(
    with objects: LocalObjects, _ settings: ConnectionSettings, place: String, console: Console
  ) throws(CommandError) -> [String] {
    let made = try objects.made(for: instance, declaredBy: manifest, runs: true) { nil }
    for problem in made.problems { console.error("warning: \(problem.message)") }
    let provisioner = Provisioner(
      settings: settings, control: PassControl(log: { _, message, _ in console.error(message) }))
    let wanted = try Self.desired(made)
    do throws(PostgresError) {
      return try provisioner.plan(wanted)
    } catch {
      let advice = error.hint.map { "; \($0)" } ?? ""
      throw .refused("\(place): \(error.description)\(advice)")
    }
  }

  /// The state that the sidecar would read from a volume with these objects.
  private static func desired(_ objects: InstanceObjects) throws(CommandError) -> DesiredState {
    let spec = Array((objects.spec.data[VolumeLayout.specFile] ?? "").utf8)
    let passwords = Array((objects.passwords.data[VolumeLayout.passwordsFile] ?? "").utf8)
    do throws(SpecError) {
      return DesiredState(
        spec: try InstanceSpec(decoding: spec), specHash: Hex.encoded(Digest.sha256(spec)),
        file: try PasswordsFile(decoding: passwords),
        scripts: objects.spec.data.merging(objects.passwords.data) { script, _ in script })
    } catch {
      throw .refused(error.message)
    }
  }
}
