internal import CLibPQ

/// The rows of a statement's result, as text. This object owns libpq's memory of them.
@safe package final class QueryResult {
  private let handle: OpaquePointer

  /// Takes ownership of what libpq returned.
  init(_ handle: OpaquePointer) {
    unsafe self.handle = handle
  }

  deinit {
    unsafe PQclear(handle)
  }

  /// How many rows there are.
  package var rowCount: Int { Int(unsafe PQntuples(handle)) }

  /// How many columns each row has.
  package var columnCount: Int { Int(unsafe PQnfields(handle)) }

  /// The value at a row and column, both from 0, in text form; nil where it is NULL, or where there is no such row or
  /// column.
  package func value(_ row: Int, _ column: Int) -> String? {
    guard row >= 0, row < rowCount, column >= 0, column < columnCount else { return nil }
    let row = Int32(row)
    let column = Int32(column)
    guard unsafe PQgetisnull(handle, row, column) == 0, let start = unsafe PQgetvalue(handle, row, column) else {
      return nil
    }
    let count = Int(unsafe PQgetlength(handle, row, column))
    return unsafe String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
  }

  /// A column's name.
  package func columnName(_ column: Int) -> String? {
    guard column >= 0, column < columnCount, let name = unsafe PQfname(handle, Int32(column)) else { return nil }
    return unsafe String(cString: name)
  }

  /// The result's status, as libpq reports it.
  var status: ExecStatusType { unsafe PQresultStatus(handle) }

  /// The error that the result holds, from the fields of the protocol (PostgreSQL docs §55.8).
  var error: PostgresError? {
    guard status == PGRES_FATAL_ERROR, let sqlState = field("C") else { return nil }
    return PostgresError(
      kind: .server, sqlState: sqlState, message: field("M") ?? "", detail: field("D"), hint: field("H"),
      position: field("P").flatMap { Int($0) }, context: field("W"))
  }

  private func field(_ code: Unicode.Scalar) -> String? { unsafe PostgresError.field(code, of: handle) }
}

extension PostgresError {
  /// A field of an error or a notice; nil where it is not there, or empty, as what PL/pgSQL raises anew may have it.
  static func field(_ code: Unicode.Scalar, of result: OpaquePointer) -> String? {
    guard let text = unsafe PQresultErrorField(result, Int32(code.value)), unsafe text[0] != 0 else { return nil }
    return unsafe Self.text(text)
  }

  /// The most bytes of a text of the server's. What a function raises may be as long as it likes, and is logged and told.
  static let longest = 4096

  /// A text of the server's, cut at a character's boundary where it is too long.
  static func text(_ start: UnsafePointer<CChar>) -> String {
    var count = 0
    while count <= longest, unsafe start[count] != 0 { count += 1 }
    guard count > longest else { return unsafe String(cString: start) }
    count = longest
    while count > 0, unsafe UInt8(bitPattern: start[count]) & 0xC0 == 0x80 { count -= 1 }
    return unsafe String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self) + "…"
  }
}
