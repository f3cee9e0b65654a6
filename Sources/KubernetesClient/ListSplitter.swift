import NIOCore

/// Splits a list that arrives in pieces into its objects and the frame around them. It keeps only one object at a time.
///
/// It only tracks strings and brackets. The reader of an object checks the rest.
struct ListSplitter {
  enum Found: Equatable {
    case object([UInt8])
    /// An object with more bytes than the limit; this is its length.
    case tooLong(Int)
  }

  /// The part of the list to which the next byte belongs.
  private enum Region {
    case frame
    /// Between two objects.
    case gap
    case object
  }

  private let limit: Int
  private var frame: [UInt8] = []
  private var object: [UInt8] = []
  private var objectBytes = 0
  private var region = Region.frame
  private var depth = 0
  private var isInString = false
  private var isEscaped = false

  /// - Parameter limit: how many bytes an object, or the frame, may have.
  init(limit: Int) { self.limit = limit }

  /// The list without its objects, such as `{"metadata":{…},"items":[]}`; nil where the list is incomplete or is not a
  /// list.
  var whole: [UInt8]? { depth == 0 && region == .frame && !frame.isEmpty && frame.count <= limit ? frame : nil }

  /// Adds a piece.
  /// - Returns: the objects that this piece completes.
  mutating func take(_ piece: ByteBuffer) -> [Found] {
    var found: [Found] = []
    let bytes = Array(piece.readableBytesView)
    let span = bytes.span
    var start = 0
    for index in span.indices {
      let byte = span[index]
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isInString = true
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        // The only array that is a member of the root holds the items.
        if region == .frame, depth == 1, byte == UInt8(ascii: "[") {
          keep(bytes[start...index])
          region = .gap
        } else if region == .gap {
          start = index
          region = .object
        }
        depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if region == .object, depth == 2 {
          keep(bytes[start...index])
          region = .gap
          found.append(objectBytes > limit ? .tooLong(objectBytes) : .object(object))
          (object, objectBytes) = ([], 0)
        } else if region == .gap, depth == 1 {
          start = index
          region = .frame
        }
      default: break
      }
    }
    keep(bytes[start...])
    return found
  }

  private mutating func keep(_ bytes: ArraySlice<UInt8>) {
    switch region {
    case .frame: if frame.count <= limit { frame += bytes }
    case .gap: break
    case .object:
      objectBytes += bytes.count
      if objectBytes <= limit { object += bytes } else { object = [] }
    }
  }
}
