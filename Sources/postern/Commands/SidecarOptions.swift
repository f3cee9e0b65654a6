import Admission
import ArgumentParser

/// How the sidecar is added to Pods; the same for `serve` and `inject`.
struct SidecarOptions: ParsableArguments {
  @Option(help: "The sidecar's image. (default: this release's)")
  var sidecarImage: String?

  @Option(help: "native (an init container that restarts) or classic (a container). (default: native)")
  var sidecarMode: String?

  @Option(
    help: ArgumentHelp(
      "CPU and memory, such as requests.cpu=5m,limits.cpu=100m,memory=32Mi; none leaves one out.", valueName: "amounts")
  )
  var sidecarResources: String?

  @Option(
    help: """
      Whom it runs as where Postgres's user is not known: fixed (65532), or namespace (whom the namespace gives, as \
      OpenShift does). (default: fixed)
      """)
  var sidecarUser: String?

  @Option(help: "When its image is pulled: Always, IfNotPresent or Never. (default: as Kubernetes has it)")
  var imagePullPolicy: String?

  @Option(help: ArgumentHelp("The Secret in the customers' namespaces that opens its registry.", valueName: "secret"))
  var imagePullSecret: String?

  @Option(
    help: """
      The port of the sidecars' readiness, metrics and status, or none: then their readiness is asked by running a \
      program in them, and the controller does not learn what became of a declaration. (default: 8432)
      """)
  var statusPort: String?

  /// The settings from these options, each from the command line, else from `POSTERN_*`.
  func settings(_ reader: OptionReader) throws(CommandError) -> AdmissionSettings {
    var settings = AdmissionSettings(
      sidecarImage: try reader.image(sidecarImage, "--sidecar-image", "POSTERN_SIDECAR_IMAGE"))
    settings.sidecarMode = try reader.choice(sidecarMode, "--sidecar-mode", "POSTERN_SIDECAR_MODE") ?? .native
    settings.sidecarUser = try reader.choice(sidecarUser, "--sidecar-user", "POSTERN_SIDECAR_USER") ?? .fixed
    settings.imagePullPolicy = try reader.choice(imagePullPolicy, "--image-pull-policy", "POSTERN_IMAGE_PULL_POLICY")
    settings.statusPort = try reader.statusPort(statusPort)
    settings.imagePullSecret = try reader.secret(imagePullSecret, "--image-pull-secret", "POSTERN_IMAGE_PULL_SECRET")
    if let text = reader.value(sidecarResources, "POSTERN_SIDECAR_RESOURCES") {
      do throws(SidecarResources.Problem) {
        settings.sidecarResources = try SidecarResources(parsing: text)
      } catch {
        throw .unreadable("--sidecar-resources: \(error.message)")
      }
    }
    return settings
  }
}
