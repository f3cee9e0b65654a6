/// Why a document is not something that kubectl could apply.
struct NoManifest: Error {
  let reason: String
  var advice = "every document needs apiVersion, kind and metadata.name"
  /// Whether it looks like a file of another kind, such as values for a chart, and not like a mistake.
  var isOtherFile = false
}
