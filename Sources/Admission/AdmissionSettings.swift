/// What the admin has chosen about injection.
public struct AdmissionSettings: Equatable, Sendable {
  /// The sidecar's image where the admin names none.
  public static let defaultSidecarImage = "ghcr.io/postern/postern-sidecar:0.1.0"

  /// How the sidecar runs in the Pod.
  public enum SidecarMode: String, CaseIterable, Sendable {
    /// An init container with `restartPolicy: Always`: a sidecar of Kubernetes' own (stable since 1.33).
    case native
    /// One more container, for older clusters.
    case classic
  }

  /// The sidecar's image.
  public var sidecarImage: String
  /// How the sidecar runs in the Pod.
  public var sidecarMode: SidecarMode

  /// Settings; the defaults are right for a cluster of Kubernetes 1.29 or later.
  public init(sidecarImage: String = Self.defaultSidecarImage, sidecarMode: SidecarMode = .native) {
    self.sidecarImage = sidecarImage
    self.sidecarMode = sidecarMode
  }
}

/// Which of the webhook's two addresses a review came to.
public enum AdmissionPath: String, CaseIterable, Sendable {
  /// `/mutate`: injects the sidecar into Pods, labels Pod templates.
  case mutate
  /// `/validate`: refuses declarations that are wrong, warns of what they will take away.
  case validate
}
