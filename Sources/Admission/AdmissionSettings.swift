import Contract
package import Declarations

/// The admin's choices about injection, and what is known of the cluster.
package struct AdmissionSettings: Sendable {
  /// How the sidecar runs in the Pod.
  package enum SidecarMode: String, CaseIterable, Sendable {
    /// An init container with `restartPolicy: Always`: Kubernetes' native sidecar (stable since 1.33).
    case native
    /// An additional ordinary container, for older clusters.
    case classic
  }

  /// The user that the sidecar runs as, if Postgres's own user is not known or is root.
  package enum SidecarUser: String, CaseIterable, Sendable {
    /// ``SidecarContainer/defaultUser``.
    case fixed
    /// The user that the namespace assigns (OpenShift), else the image's own.
    case namespace
  }

  /// When the kubelet pulls the sidecar's image (Kubernetes docs, "Images").
  package enum PullPolicy: String, CaseIterable, Sendable {
    case always = "Always"
    case ifNotPresent = "IfNotPresent"
    case never = "Never"
  }

  /// The sidecar's image.
  package var sidecarImage: String
  /// How the sidecar runs in the Pod.
  package var sidecarMode: SidecarMode
  /// The port of the sidecar's status, where a Pod names none. Without a port, the readiness probe runs a program in
  /// the container, as sidecars before version 0.2 need it.
  package var statusPort: StatusPortChoice = .number(StatusPort.number)
  /// Nil: Kubernetes' default, which depends on the image's tag.
  package var imagePullPolicy: PullPolicy?
  /// A Secret in the Pod's namespace with the credentials of the image's registry; nil: none is needed.
  package var imagePullSecret: String?
  /// Nil: the defaults for the Pod's class.
  package var sidecarResources: SidecarResources?
  /// The user that the sidecar runs as.
  package var sidecarUser = SidecarUser.fixed
  /// The uses that declarations make of a Secret, given by its namespace and name. Secrets whose names Postern defines
  /// need not be included.
  package var secretUses: @Sendable (_ namespace: String, _ name: String) -> [SecretUse]
  /// The objects that declare for a customer in a namespace, as far as is known, without those that are being deleted.
  package var declaring: @Sendable (_ namespace: String, _ customer: String) -> [DeclaringObject] = { _, _ in [] }
  /// What is known of a customer, without those that are being deleted; nil where nothing is known of the cluster.
  package var customers: (@Sendable (_ namespace: String, _ customer: String) -> KnownCustomer)?
  /// Whether connections may say that their Pods are restarted; nil where that is not known.
  package var restarts: Bool?
  /// The Services of a namespace; nil where they are not known.
  package var services: (@Sendable (_ namespace: String) -> [ServiceFacts])?
  /// Whether warnings are as short as an API server wants them.
  package var limitsWarnings = true
  /// Seconds since 1970-01-01T00:00:00Z; nil where there is no clock. Without a clock there are no warnings about past
  /// times.
  package var now: (@Sendable () -> Int64)?

  /// Settings. Without an image, this release's is used. The defaults are right for Kubernetes 1.29 or later, if
  /// nothing is known of the cluster's declarations.
  package init(
    sidecarImage: String? = nil, sidecarMode: SidecarMode = .native,
    secretUses: @escaping @Sendable (_ namespace: String, _ name: String) -> [SecretUse] = { _, _ in [] }
  ) {
    self.sidecarImage = sidecarImage ?? Release.sidecarImage
    self.sidecarMode = sidecarMode
    self.secretUses = secretUses
  }
}

extension AdmissionSettings {
  /// Whether what is added to a Pod names a user of its own, where the Pod names none.
  func namesUser(in pod: ObjectMetadata) -> Bool { sidecarUser == .fixed && !pod.isGivenUser }
}

/// The webhook's two paths.
package enum AdmissionPath: String, CaseIterable, Sendable {
  /// `/mutate`: injects the sidecar into Pods, labels Pod templates.
  case mutate
  /// `/validate`: refuses wrong declarations, and warns of what a change will remove.
  case validate
}
