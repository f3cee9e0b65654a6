import JSONBytes

/// Prints findings for people, machines, or as annotations of a GitHub workflow.
struct FindingsReport {
  enum Format: String, CaseIterable {
    case text, json, github
  }

  let findings: [Finding]
  let checked: [Manifest]
  let isQuiet: Bool

  func print(as format: Format, on console: Console) {
    switch format {
    case .text: printText(on: console)
    case .json: console.print(String(decoding: json, as: UTF8.self))
    case .github:
      for finding in findings {
        let text = Self.escaped("\(finding.manifest.kind) \(finding.manifest.name): \(finding.text)")
        console.print(
          "::\(finding.severity.rawValue) file=\(finding.manifest.file),line=\(finding.manifest.line)::\(text)")
      }
    }
  }

  private func printText(on console: Console) {
    for manifest in checked {
      let own = findings.filter { $0.manifest == manifest }
      let errors = own.filter { $0.severity == .error }
      if errors.isEmpty, !isQuiet { console.print("\(manifest.place): fine") }
      if !errors.isEmpty { console.print("\(manifest.place): refused") }
      for finding in own where finding.severity == .error || !isQuiet {
        console.print("  \(finding.severity == .error ? "*" : "warning:") \(finding.text)")
      }
    }
  }

  /// An array of `{severity, file, line, kind, name, field, message}`.
  private var json: [UInt8] {
    var writer = JSONWriter()
    writer.beginArray()
    for finding in findings {
      writer.beginObject()
      writer.member("severity", finding.severity.rawValue)
      writer.member("file", finding.manifest.file)
      writer.member("line", finding.manifest.line)
      writer.member("kind", finding.manifest.kind)
      writer.member("name", finding.manifest.name)
      writer.member("field", finding.field)
      writer.member("message", finding.message)
      writer.endObject()
    }
    writer.endArray()
    return writer.bytes
  }

  /// Workflow commands end at a newline (GitHub docs, "Workflow commands").
  private static func escaped(_ text: String) -> String {
    text.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%25")
      .split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "%0A")
  }
}
