#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Reads a small file whole, without Foundation: its errors are the system's words.
enum FileContents {
  /// More than any certificate chain needs.
  static let maximumBytes = 1 << 20

  /// The bytes of a file of at most `maximumBytes`.
  static func read(_ path: String) throws(ServerError) -> [UInt8] {
    // Non-blocking, so that a FIFO under that name does not stop the server; regular files do not heed it.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw failure(path) }
    defer { close(descriptor) }
    var contents: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { bytes in
        unsafe Self.read(descriptor, into: bytes)
      }
      guard count >= 0 else { throw failure(path) }
      if count == 0 { return contents }
      contents.append(contentsOf: chunk[..<count])
      guard contents.count <= maximumBytes else {
        throw .cannotRead(file: path, reason: "it is larger than \(maximumBytes) bytes")
      }
    }
  }

  /// `read(2)`, again where a signal interrupts it.
  private static func read(_ descriptor: Int32, into bytes: UnsafeMutableRawBufferPointer) -> Int {
    while true {
      #if canImport(Glibc)
        let count = unsafe Glibc.read(descriptor, bytes.baseAddress, bytes.count)
      #elseif canImport(Musl)
        let count = unsafe Musl.read(descriptor, bytes.baseAddress, bytes.count)
      #else
        let count = unsafe Darwin.read(descriptor, bytes.baseAddress, bytes.count)
      #endif
      if count >= 0 || errno != EINTR { return count }
    }
  }

  private static func failure(_ path: String) -> ServerError {
    .cannotRead(file: path, reason: unsafe String(cString: strerror(errno)))
  }
}

/// The wall clock, in seconds since 1970.
func secondsSince1970() -> Int {
  time(nil)
}
