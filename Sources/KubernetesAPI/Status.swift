package import JSONBytes

/// The `Status` (`v1`) of a request that failed, as far as admission needs it.
package struct Status: Equatable, Sendable {
  /// The HTTP status code, 400 or more.
  package var code: Int
  /// The machine-readable reason, such as `Invalid`.
  package var reason: String
  /// The text for people. Controllers' events show only this.
  package var message: String
  /// `details.name`
  package var name: String
  /// `details.group` and `details.kind`
  package var kind: GroupVersionKind
  /// `details.causes`. If there are any, kubectl shows only these.
  package var causes: [StatusCause]

  /// A failure with these values.
  package init(
    code: Int, reason: String, message: String, name: String, kind: GroupVersionKind, causes: [StatusCause] = []
  ) {
    self.code = code
    self.reason = reason
    self.message = message
    self.name = name
    self.kind = kind
    self.causes = causes
  }

  /// Writes the Status at the writer's position.
  package func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("status", "Failure")
    writer.member("code", code)
    writer.member("reason", reason)
    writer.member("message", message)
    writer.key("details")
    writer.beginObject()
    writer.member("name", name)
    writer.member("group", kind.group)
    writer.member("kind", kind.kind)
    writer.key("causes")
    writer.beginArray()
    for cause in causes {
      writer.beginObject()
      writer.member("reason", cause.reason.rawValue)
      writer.member("message", cause.message)
      writer.member("field", cause.field)
      writer.endObject()
    }
    writer.endArray()
    writer.endObject()
    writer.endObject()
  }
}

/// One error in an object (`StatusCause`, `v1`).
package struct StatusCause: Equatable, Sendable {
  /// The reasons that Kubernetes defines (`CauseType`).
  package enum Reason: String, Sendable {
    case valueInvalid = "FieldValueInvalid"
    case valueDuplicate = "FieldValueDuplicate"
    case valueForbidden = "FieldValueForbidden"
    case valueRequired = "FieldValueRequired"
  }

  /// The kind of error.
  package var reason: Reason
  /// The place in the object, such as `spec.template.spec.containers[1].name`.
  package var field: String
  /// The error and what to do, without the place.
  package var message: String

  /// A cause with these values.
  package init(_ reason: Reason = .valueInvalid, field: String, message: String) {
    self.reason = reason
    self.field = field
    self.message = message
  }
}
