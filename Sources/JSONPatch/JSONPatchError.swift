package import JSONBytes

/// Why a patch cannot be applied. In that case nothing of it is applied (RFC 6902 §5).
package enum JSONPatchError: Error, Equatable, Sendable {
  /// The patch is not JSON.
  case json(JSONError)
  /// The patch is not an array of operations, or operation `index` has a missing or invalid member.
  case malformed(index: Int?)
  /// The operation's target, or the container of the target, does not exist.
  case notFound(path: String, index: Int)
  /// An array index that is not a number, has a leading zero, or is beyond the array's end.
  case invalidIndex(path: String, index: Int)
  /// `test` found another value.
  case testFailed(path: String, index: Int)
  /// `move` into the value that is moved.
  case moveIntoItself(path: String, index: Int)

  /// One line for people; `index` counts operations from 0.
  package var message: String {
    switch self {
    case .json(let error): "the patch is not JSON: \(error.message)"
    case .malformed(nil): "the patch is no array of operations"
    case .malformed(let index?): "operation \(index) is no operation of RFC 6902"
    case .notFound(let path, let index): "operation \(index): nothing is at \"\(path)\""
    case .invalidIndex(let path, let index): "operation \(index): \"\(path)\" is no place in the array"
    case .testFailed(let path, let index): "operation \(index): another value is at \"\(path)\""
    case .moveIntoItself(let path, let index): "operation \(index): \"\(path)\" cannot be moved into itself"
    }
  }
}
