/// This release. Of the sources, only this file contains the version.
package enum Release {
  /// The version that `postern version` prints and that tags the images.
  package static let version = "0.1.0"
  /// The sidecar's image, where the admin gives none.
  package static let sidecarImage = "ghcr.io/postern/postern-sidecar:\(version)"
}
