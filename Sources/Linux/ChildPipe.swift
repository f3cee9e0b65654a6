internal import CLinux

/// The reading end of a pipe that a child writes into.
struct ChildPipe: ~Copyable {
  /// -1 after the last byte.
  private(set) var descriptor: Int32
  /// How many bytes are read yet of a child that has ended.
  private var rest: Int?

  init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  deinit {
    if descriptor >= 0 { postern_close(descriptor) }
  }

  /// The child has ended: what it has written is in the pipe. A process that it started may hold the pipe open, and may
  /// write on; that is not waited for.
  mutating func childHasEnded() {
    guard descriptor >= 0, rest == nil else { return }
    let waiting = postern_bytes_waiting(descriptor)
    rest = waiting
    if waiting <= 0 { close() }
  }

  /// What is in the pipe, which can be read.
  mutating func read() -> [UInt8] {
    guard descriptor >= 0 else { return [] }
    let size = min(rest ?? .max, 65_536)
    var length = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      length = unsafe postern_read(descriptor, buffer.baseAddress, size)
      count = max(0, length)
    }
    if let rest { self.rest = rest - max(0, length) }
    if length <= 0 || rest == 0 { close() }
    return bytes
  }

  private mutating func close() {
    postern_close(descriptor)
    descriptor = -1
  }
}
