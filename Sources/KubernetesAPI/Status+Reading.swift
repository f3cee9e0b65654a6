package import JSONBytes

extension Status {
  /// Reads a `Status` from an answer of the API server; nil where the value is not a Status or does not report a
  /// failure. Its causes are not read, because the message contains them.
  package init?(_ value: JSONValue) {
    guard value["kind"]?.string == "Status", let code = value["code"]?.integer, code >= 400 else { return nil }
    let details = value["details"]
    self.init(
      code: code, reason: value["reason"]?.string ?? "", message: value["message"]?.string ?? "",
      name: details?["name"]?.string ?? "",
      kind: GroupVersionKind(
        group: details?["group"]?.string ?? "", version: "", kind: details?["kind"]?.string ?? ""))
  }
}
