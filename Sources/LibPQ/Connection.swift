internal import CLibPQ
import Linux

/// A session with a server. Its calls wait until the server has answered, and meanwhile call the handler of
/// ``Linux/Meanwhile``. Only one thread may use it at a time, and it ends with its scope. It is public because Embedded
/// Swift does not see the `deinit` of a `package` type.
@safe public struct Connection: ~Copyable {
  let handle: OpaquePointer
  private let arriving = Arriving()

  /// What has arrived of the answer to what was sent.
  var answer: Answer {
    get { arriving.answer }
    nonmutating set { arriving.answer = newValue }
  }

  /// Whether libpq still gives rows one by one: it forgets that with the next statement outside of a pipeline only.
  var isInSingleRowMode: Bool {
    get { arriving.isInSingleRowMode }
    nonmutating set { arriving.isInSingleRowMode = newValue }
  }

  /// Keeps the server's warnings from now on, for ``takeWarnings()``; what arrived before was dropped.
  package func keepWarnings() {
    let context = unsafe Unmanaged.passUnretained(arriving).toOpaque()
    unsafe PQsetNoticeReceiver(
      handle,
      { context, notice in
        guard let context = unsafe context, let notice = unsafe notice else { return }
        unsafe Unmanaged<Arriving>.fromOpaque(context).takeUnretainedValue().warnings.take(notice)
      }, context)
  }

  /// The warnings that have arrived since the last call.
  package func takeWarnings() -> ServerWarnings {
    defer { arriving.warnings = ServerWarnings() }
    return arriving.warnings
  }

  /// Whether this libpq refuses a server that asks for the password in clear text: from version 16 on.
  package static var canRefuseAuthentication: Bool { PQlibVersion() >= 160000 }

  /// Logs in. Blocks for at most ``ConnectionSettings/connectTimeout`` seconds.
  package init(_ settings: ConnectionSettings) throws(PostgresError) {
    unsafe handle = try Self.open(settings)
  }

  /// Opens a connection. Where that fails, it releases the connection and throws.
  private static func open(_ settings: ConnectionSettings) throws(PostgresError) -> OpaquePointer {
    let parameters = settings.parameters
    let keywords = try CStrings(parameters.map { $0.keyword })
    let values = try CStrings(parameters.map { $0.value })
    return try unsafe open(
      keywords, values, place: "\(settings.host):\(settings.port)", withinSeconds: settings.connectTimeout)
  }

  static func open(
    _ keywords: CStrings, _ values: CStrings, place: String, withinSeconds seconds: Int
  ) throws(PostgresError) -> OpaquePointer {
    let opened = unsafe keywords.withPointers { keywords in
      unsafe values.withPointers { values in
        unsafe postern_pq_start(keywords, values)
      }
    }
    guard let opened = unsafe opened else {
      throw PostgresError(kind: .connection, message: "out of memory while connecting")
    }
    let isInTime = unsafe finishConnecting(opened, withinSeconds: seconds)
    if isInTime, unsafe PQstatus(opened) == CONNECTION_OK {
      _ = unsafe PQsetErrorVerbosity(opened, PQERRORS_DEFAULT)
      unsafe takeBytesAsTheyAre(opened)
      return unsafe opened
    }
    defer { unsafe PQfinish(opened) }
    guard isInTime else {
      throw PostgresError(
        kind: .connection,
        message: "\(place) did not answer within \(seconds) s")
    }
    throw PostgresError(connecting: unsafe String(cString: PQerrorMessage(opened)))
  }

  /// A server converts nothing from SQL_ASCII, and refuses to send what is not valid in the client's encoding: one name
  /// that is not would keep all others back.
  private static func takeBytesAsTheyAre(_ connection: OpaquePointer) {
    let encoding = "SQL_ASCII"
    guard let present = unsafe PQparameterStatus(connection, "server_encoding"),
      unsafe String(cString: present).utf8.elementsEqual(encoding.utf8)
    else { return }
    _ = unsafe PQsetClientEncoding(connection, encoding)
  }

  /// Connects or fails; returns false where the time has passed before.
  private static func finishConnecting(_ connection: OpaquePointer, withinSeconds seconds: Int) -> Bool {
    let deadline = SystemClock.monotonicMilliseconds + Int64(seconds) * 1000
    var next = PGRES_POLLING_WRITING
    while unsafe PQstatus(connection) != CONNECTION_BAD, next != PGRES_POLLING_OK, next != PGRES_POLLING_FAILED {
      let left = Int(clamping: deadline - SystemClock.monotonicMilliseconds)
      guard left > 0 else { return false }
      let isReading = next == PGRES_POLLING_READING
      let socket = unsafe PQsocket(connection)
      if SocketWait.wait(for: socket, isReading ? .readable : .writable, milliseconds: left) {
        next = unsafe PQconnectPoll(connection)
      }
    }
    return true
  }

  deinit {
    unsafe PQfinish(handle)
  }

  /// The server's version as one number: 170004 is 17.4.
  package var serverVersion: Int { Int(unsafe PQserverVersion(handle)) }

  /// A run-time parameter that the server reports to its clients, such as `scram_iterations` from version 16 on
  /// (PostgreSQL docs §55.2.7); nil where the server does not report it.
  package func parameter(_ name: StaticString) -> String? {
    guard let value = unsafe PQparameterStatus(handle, name.description) else { return nil }
    return unsafe String(cString: value)
  }

  /// Whether the connection has broken, so that a new one is needed.
  package var isBroken: Bool { unsafe PQstatus(handle) != CONNECTION_OK }

  /// Runs one statement with its parameters `$1`, `$2`…, nil for NULL, all as text (`PQsendQueryParams`).
  package func query(_ sql: String, _ parameters: [String?] = []) throws(PostgresError) -> QueryResult {
    try CStrings.check(sql)
    let values = try CStrings(parameters)
    let isSent = unsafe values.withPointers { values in
      unsafe PQsendQueryParams(handle, sql, Int32(parameters.count), nil, values, nil, nil, 0) == 1
    }
    guard isSent, let result = try receive() else { throw failure() }
    return result
  }

  /// Runs any number of statements, given as one string (`PQsendQuery`). Without a BEGIN in it, the string is one
  /// transaction. The first error ends it.
  package func execute(_ sql: String) throws(PostgresError) {
    try send(sql)
    try receive()
  }

  /// Returns a result, or throws the error that it holds.
  func outcome(of result: OpaquePointer) throws(PostgresError) -> QueryResult {
    let answer = unsafe QueryResult(result)
    switch answer.status {
    case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return answer
    case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH: throw leaveCopy(answer.status)
    case PGRES_PIPELINE_ABORTED:
      throw PostgresError(kind: .protocol, message: "not run: an earlier statement of the same pipeline failed")
    default: throw answer.error ?? failure()
    }
  }

  /// Makes sure that the server still answers.
  /// - Throws: where it does not.
  package func checkIsAlive() throws(PostgresError) {
    try execute("")
  }

  /// The connection's error, for calls that have no result to hold one.
  func failure() -> PostgresError {
    let text = unsafe PostgresError.text(PQerrorMessage(handle))
    // libpq adds its own remarks after the message, in lines that begin with a tab.
    let lines = Array(text.utf8).split(separator: 0x0A).filter { $0.first != 0x09 }
    let message = String(decoding: Array(lines.joined(separator: [0x0A])), as: UTF8.self)
    if let error = PostgresError(tooLong: message) { return error }
    return PostgresError(
      kind: isBroken ? .connection : .protocol, message: message.utf8.isEmpty ? "the connection was lost" : message)
  }

  /// Ends a COPY, which this client does not support, so that the connection can be used again.
  private func leaveCopy(_ status: ExecStatusType) -> PostgresError {
    if status == PGRES_COPY_OUT {
      var row: UnsafeMutablePointer<CChar>?
      while unsafe PQgetCopyData(handle, &row, 0) > 0 { unsafe PQfreemem(row) }
    } else {
      _ = unsafe PQputCopyEnd(handle, "there is nobody to send the rows")
    }
    while let rest = unsafe PQgetResult(handle) { unsafe PQclear(rest) }
    return PostgresError(
      kind: .protocol, message: "COPY FROM STDIN and COPY TO STDOUT need a client that sends and takes the rows",
      hint: "use INSERT, or COPY with a file or program of the server")
  }
}

/// Holds an answer for a connection that is only borrowed.
private final class Arriving {
  var answer = Answer()
  var isInSingleRowMode = false
  var warnings = ServerWarnings()
}
