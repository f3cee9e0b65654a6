package import JSONBytes

extension Status {
  /// Reads the `Status` that the API server answers with; nil where the value is none, or says no failure. Its causes
  /// are not read: the message says them too.
  package init?(_ value: JSONValue) {
    guard value["kind"]?.string == "Status", case .number(let spelling)? = value["code"], let code = Int(spelling),
      code >= 400
    else { return nil }
    let details = value["details"]
    self.init(
      code: code, reason: value["reason"]?.string ?? "", message: value["message"]?.string ?? "",
      name: details?["name"]?.string ?? "",
      kind: GroupVersionKind(
        group: details?["group"]?.string ?? "", version: "", kind: details?["kind"]?.string ?? ""))
  }
}
