import Admission
import Linux

extension AdmissionSettings {
  /// These settings with this machine's clock.
  var withClock: Self {
    var settings = self
    settings.now = { SystemClock.wallMilliseconds / 1000 }
    return settings
  }
}
