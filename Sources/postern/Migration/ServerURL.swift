import FoundationEssentials
import LibPQ

/// Where a server is and who logs in: a URL as libpq reads it, completed by libpq's variables. No message shows it.
struct ServerURL {
  let settings: ConnectionSettings
  /// The first part of the host's name; nil for an address, this machine or a socket's folder.
  let hostLabel: String?

  init(_ text: String, environment: [String: String]) throws(CommandError) {
    let form = "--from-url is not of the form postgresql://USER:PASSWORD@HOST:PORT/"
    guard let parts = URLComponents(string: text), ["postgresql", "postgres"].contains(parts.scheme ?? "") else {
      throw .unreadable("\(form); write signs of a password such as @ and / as %40 and %2F")
    }
    var given: [String: String] = [:]
    for item in parts.queryItems ?? [] { given[item.name] = item.value ?? "" }
    let unknown = given.keys.filter { !["host", "port", "user", "password", "dbname", "sslmode"].contains($0) }
    guard unknown.isEmpty else {
      throw .unreadable(
        "--from-url has other parameters than host, port, user, password, dbname and sslmode; take them out")
    }
    func value(_ own: String?, _ parameter: String, _ variable: String) -> String? {
      [own, given[parameter], environment[variable]].compactMap(\.self).first { !$0.isEmpty }
    }
    var host = value(parts.host, "host", "PGHOST") ?? "127.0.0.1"
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    let portText = value(parts.port.map(String.init), "port", "PGPORT") ?? "5432"
    guard let port = UInt16(portText), port > 0 else {
      throw .unreadable("the server's port is no number from 1 to 65535")
    }
    let modeText = value(nil, "sslmode", "PGSSLMODE")
    let mode = modeText.flatMap(ConnectionSettings.SSLMode.init(rawValue:))
    guard modeText == nil || mode != nil else {
      throw .unreadable("sslmode is none of disable, allow, prefer, require, verify-ca and verify-full")
    }
    settings = ConnectionSettings(
      host: host, port: Int(port), user: value(parts.user, "user", "PGUSER") ?? "postgres",
      password: value(parts.password, "password", "PGPASSWORD"), applicationName: "postern migrate", sslMode: mode)
    let label = host.split(separator: ".").first.map(String.init)
    let isName = host.contains { $0.isLetter } && !host.contains(":") && !ConnectionSettings.isLocal(host)
    hostLabel = isName ? label : nil
  }
}
