/// How a ``Controller`` updates the sidecars of running Pods.
package struct SidecarUpdateSettings: Sendable {
  /// Whether it does.
  package enum Mode: String, CaseIterable, Sendable {
    /// A Pod gets another sidecar when it is made anew.
    case never
    /// The image is changed in running Pods, a few at once.
    case auto
  }

  /// The image that sidecars are to have.
  package var image: String
  /// Whether sidecars of running Pods get it.
  package var mode: Mode
  /// How many Pods may be without a ready sidecar at once because of updates.
  package var maximumUnavailable: Int

  /// These settings.
  package init(image: String, mode: Mode = .auto, maximumUnavailable: Int = 3) {
    self.image = image
    self.mode = mode
    self.maximumUnavailable = maximumUnavailable
  }
}
