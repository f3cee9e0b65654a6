import Contract

/// The sidecar that running Pods are to have.
struct SidecarTarget: Equatable, Sendable {
  let image: String
  private let repository: String

  init(image: String) {
    self.image = image
    repository = Self.repository(of: image)
  }

  /// What must become of a Pod's sidecar.
  enum Standing: Equatable, Sendable {
    /// Nothing: it has the image.
    case current
    /// It may get the image while the Pod runs.
    case due
    /// It gets another image only when the Pod is made anew.
    case waits(Obstacle)
  }

  /// Why a sidecar cannot be updated in a running Pod.
  enum Obstacle: String, Equatable, Sendable {
    /// It is an ordinary container.
    case classic
    /// The Pod was injected in a way in which this release's sidecar may not work.
    case injection
    /// Its image is from another repository. The Pod may have no credentials for the new one; or something else chooses
    /// where images are from, such as a mirror.
    case repository
    /// Its image is given by digest, and the new one is not: somebody has told only the webhook which image to use.
    case digest
    /// The API server refuses the change.
    case refused
    /// The kubelet has not restarted the container.
    case kubelet
  }

  func standing(of sidecar: ObservedPod.Sidecar) -> Standing {
    if sidecar.image == image { return .current }
    if !SidecarContainer.compatibleMarks.contains(sidecar.mark) { return .waits(.injection) }
    if !sidecar.isNative { return .waits(.classic) }
    if Self.repository(of: sidecar.image) != repository { return .waits(.repository) }
    if Self.hasDigest(sidecar.image), !Self.hasDigest(image) { return .waits(.digest) }
    return .due
  }

  private static func hasDigest(_ image: String) -> Bool { image.utf8.contains(UInt8(ascii: "@")) }

  /// An image's name without tag and digest (OCI distribution-spec, "Pulling manifests"). controller-policy.yaml compares
  /// the same part.
  static func repository(of image: String) -> String {
    let name = image.utf8.prefix { $0 != UInt8(ascii: "@") }
    let last = name.lastIndex(of: UInt8(ascii: "/")).map { name.index(after: $0) } ?? name.startIndex
    let tag = name[last...].firstIndex(of: UInt8(ascii: ":")) ?? name.endIndex
    return String(decoding: name[..<tag], as: UTF8.self)
  }
}
