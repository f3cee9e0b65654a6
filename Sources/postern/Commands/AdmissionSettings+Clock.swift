import Admission
import Linux

extension AdmissionSettings {
  /// With this machine's time.
  var withClock: Self {
    var settings = self
    settings.now = { SystemClock.wallMilliseconds / 1000 }
    return settings
  }
}
