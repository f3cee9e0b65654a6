import Contract
import Declarations

/// Reads options one by one, each from the command line, else from `POSTERN_*`.
struct OptionReader {
  let environment: [String: String]

  func value(_ option: String?, _ name: String) -> String? {
    (option ?? environment[name]).flatMap { $0.isEmpty ? nil : $0 }
  }

  func flag(_ option: Bool, _ name: String) throws(CommandError) -> Bool {
    guard !option, let text = value(nil, name) else { return option }
    guard let value = Bool(text) else {
      throw .unreadable("\(name) is \"\(text)\"; true or false is expected")
    }
    return value
  }

  func number(_ option: String?, _ flag: String, _ name: String, _ range: ClosedRange<Int>, _ fallback: Int)
    throws(CommandError) -> Int
  {
    guard let text = value(option, name) else { return fallback }
    guard let number = Int(text), range.contains(number) else {
      throw .unreadable("\(flag) is \"\(text)\"; a number from \(range.lowerBound) to \(range.upperBound) is expected")
    }
    return number
  }

  func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ option: String?, _ flag: String, _ name: String
  ) throws(CommandError) -> Choice? {
    guard let text = value(option, name) else { return nil }
    guard let choice = Choice(rawValue: text) else {
      let known = Choice.allCases.map(\.rawValue).joined(separator: " or ")
      throw .unreadable("\(flag) is \"\(text)\"; \(known) is expected")
    }
    return choice
  }

  /// A DNS label.
  func name(_ option: String?, _ flag: String, _ name: String) throws(CommandError) -> String? {
    let names = try names(option, flag, name)
    guard names.count < 2 else { throw .unreadable("\(flag) names several; one is expected") }
    return names.first
  }

  func statusPort(_ option: String?) throws(CommandError) -> StatusPortChoice {
    guard let text = value(option, "POSTERN_STATUS_PORT") else { return .number(StatusPort.number) }
    guard let choice = StatusPortChoice(text) else {
      throw .unreadable("--status-port is \"\(text)\"; a number from 1024 to 65535, or none, is expected")
    }
    return choice
  }

  /// An image's name. What a registry takes is not known here, but no name has white space (OCI distribution-spec, "Pulling
  /// manifests").
  func image(_ option: String?, _ flag: String, _ name: String) throws(CommandError) -> String? {
    guard let text = value(option, name) else { return nil }
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw .unreadable("\(flag) is \"\(text)\"; the name of an image is expected")
    }
    return text
  }

  /// A Secret's name: a DNS subdomain.
  func secret(_ option: String?, _ flag: String, _ name: String) throws(CommandError) -> String? {
    guard let text = value(option, name) else { return nil }
    guard KubernetesName.isSubdomain(text) else {
      throw .unreadable("\(flag) is \"\(text)\"; the name of a Secret is expected")
    }
    return text
  }

  /// Names with commas between them, each a DNS label.
  func names(_ option: String?, _ flag: String, _ name: String) throws(CommandError) -> [String] {
    guard let text = value(option, name) else { return [] }
    let names = text.split(separator: ",", omittingEmptySubsequences: false).map { String($0.trimming(" ")) }
    for name in names where !KubernetesName.isLabel(name) {
      throw .unreadable("\(flag) is \"\(text)\"; \"\(name)\" can be no name: lower-case letters, digits and \"-\"")
    }
    return names
  }
}

extension Substring {
  fileprivate func trimming(_ character: Character) -> Substring {
    var text = drop { $0 == character }
    while text.last == character { text.removeLast() }
    return text
  }
}
