import Contract
import LibPQ

extension PostgresError {
  /// What to do if the superuser's login was refused, from the message; nil where the error is another one.
  func loginAdvice(_ settings: ConnectionSettings) -> String? {
    guard context == nil else { return "let what runs at a login let the superuser in" }
    if isServer(SQLState.invalidPassword) {
      return "the admin Secret must hold the superuser's present name and password"
    }
    if isServer(SQLState.invalidAuthorization) {
      if says("pg_hba.conf") {
        let network = settings.host.utf8.contains(UInt8(ascii: ":")) ? "::1/128" : "127.0.0.1/32"
        return "pg_hba.conf needs a line that lets it in, such as: host all \(settings.user) \(network) scram-sha-256"
      }
      if says("does not exist") { return "the admin Secret must name the superuser that this server has" }
      return "the role must be one that may log in, and pg_hba.conf must ask it for a password, or trust it"
    }
    if isServer(SQLState.invalidCatalogName) {
      return "Postern keeps its records in the database postgres: CREATE DATABASE postgres, or give it its name back"
    }
    if isServer(SQLState.objectNotInPrerequisiteState), says("not currently accepting connections") {
      return "Postern keeps its records in the database postgres: ALTER DATABASE postgres ALLOW_CONNECTIONS true"
    }
    // The first of the parameters that only a superuser may set.
    if isServer(SQLState.insufficientPrivilege), says("permission denied to set parameter") {
      return
        "\(settings.user) is no superuser of this server: the admin Secret must name one that is (SELECT rolname FROM "
        + "pg_roles WHERE rolsuper)"
    }
    if let advice = libraryAdvice { return advice }
    if says("no password supplied") {
      return "the server asks for a password: the admin Secret must hold the superuser's"
    }
    return hint
  }

  /// Why a server that runs lets nobody in, in its own words, and what to do.
  var refusalReason: String {
    // libpq begins with the address.
    let message = Array(self.message.utf8)
    let start = Array(" failed: ".utf8)
    let skipped = message.indices.first { message[$0...].starts(with: start) }.map { $0 + start.count } ?? 0
    let own = String(decoding: message[skipped...], as: UTF8.self)
    let words = detail.map { "\(own) (\($0))" } ?? own
    // A standby may be meant so. The server's words are in its own language.
    let isStandby = detail?.utf8.elementsEqual("Hot standby mode is disabled.".utf8) == true
    let advice =
      isStandby
      ? "with hot_standby = on a standby lets in, and its Pod becomes ready; \(AnnotationKey.gateReadiness): \"false\" "
        + "makes the Pod ready all the same"
      : hint
    return advice.map { "\(words); \($0)" } ?? words
  }

  /// What to do where a library that each login is to load is not there, as after a change of the image.
  var libraryAdvice: String? {
    guard isServer(SQLState.undefinedFile), says("could not access file") else { return nil }
    return
      "nobody can log in without this library: take an image that has it, or ALTER SYSTEM, or DATABASE, or ROLE, RESET "
      + "session_preload_libraries, as a superuser who logs in with PGOPTIONS='-c session_preload_libraries='"
  }
}
