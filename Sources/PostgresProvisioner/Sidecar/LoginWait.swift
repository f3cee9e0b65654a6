import Contract
import LibPQ
import Linux

/// `postern-sidecar wait`: waits until databases take the logins in mounted folders (``ServiceBinding``). It reads the
/// files anew for each attempt, because the kubelet may bring other ones meanwhile.
struct LoginWait {
  private static let attemptSeconds = 5
  /// Between two attempts: short at first, because the Pod's start waits for it.
  private static let delays = (first: 200, later: 1000, change: 20)

  let folders: [String]
  let output: (String) -> Void

  /// Waits.
  /// - Returns: whether every database takes its login; false where the process is asked to end before.
  func run() -> Bool {
    for folder in folders {
      var said = ""
      var attempts = 0
      while let reason = Self.whyNot(folder) {
        if !reason.utf8.elementsEqual(said.utf8) { output("waiting for \(folder): \(reason)\n") }
        said = reason
        attempts += 1
        guard pause(attempts < Self.delays.change ? Self.delays.first : Self.delays.later) else { return false }
      }
      output("\(folder): the database takes the login\n")
    }
    return true
  }

  /// - Returns: whether to go on.
  private func pause(_ milliseconds: Int) -> Bool {
    guard !CurrentProcess.stopRequested else { return false }
    SystemClock.sleep(milliseconds: milliseconds)
    return !CurrentProcess.stopRequested
  }

  /// Why a database does not take the login; nil where it does.
  private static func whyNot(_ folder: String) -> String? {
    let settings: ConnectionSettings
    do throws(Lack) { settings = try Self.settings(folder) } catch { return error.message }
    do throws(PostgresError) {
      let connection = try Connection(settings)
      try connection.checkIsAlive()
      return nil
    } catch { return error.description }
  }

  private struct Lack: Error {
    let message: String
  }

  /// All files are read from one folder, as in ``VolumeReader``.
  private static func settings(_ folder: String) throws(Lack) -> ConnectionSettings {
    let target = VolumeReader.dataFolder(of: folder)
    func text(_ key: String) throws(Lack) -> String {
      do throws(FileError) {
        return String(decoding: try File.read("\(target)/\(key)", limit: 4096), as: UTF8.self)
      } catch {
        throw Lack(
          message: key.utf8.elementsEqual(SecretKey.database.utf8)
            ? "the user may use no database yet; give it a grant" : error.message)
      }
    }
    let portText = try text(SecretKey.port)
    guard let port = Int(portText) else { throw Lack(message: "\(folder)/\(SecretKey.port) holds no port") }
    var settings = ConnectionSettings(
      host: try text(SecretKey.host), port: port, user: try text(SecretKey.username),
      password: try text(SecretKey.password), database: try text(SecretKey.database),
      applicationName: ServiceBinding.waitContainer, connectTimeout: attemptSeconds)
    if File.exists("\(target)/\(SecretKey.sslMode)") {
      let mode = ConnectionSettings.SSLMode(rawValue: try text(SecretKey.sslMode))
      // The application has the authority's certificate, this container has not. The password is safe all the same: no
      // server gets it in clear text.
      settings.sslMode = mode == .verifyCA || mode == .verifyFull ? .require : mode ?? settings.sslMode
    }
    return settings
  }
}
