import JSONBytes
import TextEncoding

/// Prints findings for people, machines, or as annotations of a GitHub workflow.
struct FindingsReport {
  enum Format: String, CaseIterable {
    case text, json, github
  }

  let reviewed: [ReviewedManifest]
  let isQuiet: Bool

  private var findings: [Finding] { reviewed.flatMap(\.findings) }

  /// Whether something is refused.
  var hasErrors: Bool { findings.contains { $0.severity == .error } }

  func print(as format: Format, on console: Console) {
    switch format {
    case .text: printText(on: console)
    case .json: console.print(String(decoding: json, as: UTF8.self))
    case .github:
      for finding in findings {
        let text = Self.escaped("\(finding.manifest.kind) \(finding.manifest.name): \(finding.text)")
        let file = Self.escaped(finding.manifest.file, "%\r\n:,")
        console.print("::\(finding.severity.rawValue) file=\(file),line=\(finding.manifest.line)::\(text)")
      }
    }
  }

  private func printText(on console: Console) {
    for reviewed in reviewed {
      let place = reviewed.manifest.place
      let errors = reviewed.findings.filter { $0.severity == .error }
      if errors.isEmpty, !isQuiet { console.print("\(place): fine") }
      if !errors.isEmpty { console.print("\(place): refused") }
      for finding in reviewed.findings where finding.severity == .error || !isQuiet {
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

  /// A workflow command ends at a line's end, and one of its properties at a comma (GitHub docs, "Workflow commands"; GitHub's
  /// `@actions/core`, `escapeData` and `escapeProperty`).
  private static func escaped(_ text: String, _ signs: String = "%\r\n") -> String {
    var escaped = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if signs.unicodeScalars.contains(scalar) {
        escaped += "%\(Hex.encoded([UInt8(truncatingIfNeeded: scalar.value)]).uppercased())".unicodeScalars
      } else {
        escaped.append(scalar)
      }
    }
    return String(escaped)
  }
}
