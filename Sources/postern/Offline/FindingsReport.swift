import JSONBytes
import TextEncoding

/// Prints findings for people, machines, or as annotations of a GitHub workflow.
struct FindingsReport {
  enum Format: String, CaseIterable {
    case text, json, github
  }

  let reviewed: [ReviewedManifest]
  /// Why files, or documents in them, cannot be read. People have it on standard error.
  let unreadable: [String]
  let isQuiet: Bool

  private var findings: [Finding] { reviewed.flatMap(\.findings) }

  /// Whether something is refused.
  var hasErrors: Bool { findings.contains { $0.severity == .error } }

  func print(as format: Format, on console: Console) {
    switch format {
    case .text: printText(on: console)
    case .json: console.print(String(decoding: json, as: UTF8.self))
    case .github:
      for error in unreadable { console.print("::error::\(Self.escaped(error))") }
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

  /// An array of `{severity, file, line, kind, name, field, message}`. What cannot be read has its place in the message, an empty
  /// file, and line 0.
  private var json: [UInt8] {
    var writer = JSONWriter()
    func add(_ severity: Finding.Severity, of manifest: Manifest?, field: String = "", _ message: String) {
      writer.beginObject()
      writer.member("severity", severity.rawValue)
      writer.member("file", manifest?.file ?? "")
      writer.member("line", manifest?.line ?? 0)
      writer.member("kind", manifest?.kind ?? "")
      writer.member("name", manifest?.name ?? "")
      writer.member("field", field)
      writer.member("message", message)
      writer.endObject()
    }
    writer.beginArray()
    for error in unreadable { add(.error, of: nil, error) }
    for finding in findings { add(finding.severity, of: finding.manifest, field: finding.field, finding.message) }
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
