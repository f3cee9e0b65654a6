/// What this release is called. The version is written here, and nowhere else in the sources.
package enum Release {
  /// As `postern version` prints it, and the images are tagged.
  package static let version = "0.1.0"
  /// The sidecar's image where the admin names none.
  package static let sidecarImage = "ghcr.io/postern/postern-sidecar:\(version)"
}
