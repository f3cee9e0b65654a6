/// The contents of files, with all errors in them.
struct ManifestReading {
  /// All objects, in order. A list gives its items.
  var manifests: [Manifest] = []
  /// What was skipped, and what kubectl reads differently from what it looks like. One line each.
  var remarks: [String] = []
  /// Why files, or documents in them, cannot be read. One line each.
  var errors: [String] = []
  /// Whether any document says something, be it an empty list or something other than a manifest.
  var hasDocuments = false

  mutating func append(_ other: ManifestReading) {
    manifests += other.manifests
    remarks += other.remarks
    errors += other.errors
    hasDocuments = hasDocuments || other.hasDocuments
  }

  /// All objects, if every document could be read.
  func complete() throws(CommandError) -> [Manifest] {
    guard errors.isEmpty else {
      throw CommandError(status: .unreadable, lines: errors.map { "error: \($0)" })
    }
    return manifests
  }
}
