import JSONBytes

/// The members of the document, before it is checked that the required ones are present.
private struct Document {
  var apiVersion: String?
  var kind: String?
  var request: Request?

  mutating func read(_ reader: inout JSONReader) throws(JSONError) {
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "apiVersion") {
        apiVersion = try reader.optionalText()
      } else if reader.matches(key, "kind") {
        kind = try reader.optionalText()
      } else if reader.matches(key, "request") {
        request = try reader.null() ? nil : try Request(&reader)
      } else {
        try reader.skip()
      }
    }
  }
}

/// The members of a review's `request`, before it is checked that the required ones are present.
struct Request {
  var uid: String?
  var kind: GroupVersionKind?
  var subResource: String?
  var name: String?
  var namespace: String?
  var operation: String?
  var object: ObjectSlices?
  var oldObject: ObjectSlices?
  var options: JSONSlice?

  /// Reads a whole document.
  static func reading(_ bytes: [UInt8]) throws(ReviewError) -> Self {
    var document = Document()
    do throws(JSONError) {
      var reader = JSONReader(bytes)
      try document.read(&reader)
      try reader.end()
    } catch { throw .notJSON(error) }
    guard document.kind == "AdmissionReview", document.apiVersion == AdmissionReview.apiVersion else {
      throw .notAnAdmissionReview(apiVersion: document.apiVersion, kind: document.kind)
    }
    guard let request = document.request else { throw .noRequest }
    return request
  }

  fileprivate init(_ reader: inout JSONReader) throws(JSONError) {
    try reader.beginObject()
    while let key = try reader.nextKey() {
      if reader.matches(key, "uid") {
        uid = try reader.optionalText()
      } else if reader.matches(key, "kind") {
        kind = try GroupVersionKind(&reader)
      } else if reader.matches(key, "subResource") {
        subResource = try reader.optionalText()
      } else if reader.matches(key, "name") {
        name = try reader.optionalText()
      } else if reader.matches(key, "namespace") {
        namespace = try reader.optionalText()
      } else if reader.matches(key, "operation") {
        operation = try reader.optionalText()
      } else if reader.matches(key, "object") {
        object = try ObjectSlices(&reader)
      } else if reader.matches(key, "oldObject") {
        oldObject = try ObjectSlices(&reader)
      } else if reader.matches(key, "options") {
        options = try reader.optionalValue()
      } else {
        try reader.skip()
      }
    }
  }
}

extension GroupVersionKind {
  fileprivate init?(_ reader: inout JSONReader) throws(JSONError) {
    guard try reader.entersObject() else { return nil }
    self.init(group: "", version: "", kind: "")
    while let key = try reader.nextKey() {
      if reader.matches(key, "group") {
        group = try reader.optionalText() ?? ""
      } else if reader.matches(key, "version") {
        version = try reader.optionalText() ?? ""
      } else if reader.matches(key, "kind") {
        kind = try reader.optionalText() ?? ""
      } else {
        try reader.skip()
      }
    }
  }
}
