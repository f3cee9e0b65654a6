internal import CLinux

/// The descriptors of a child that is about to start: its own, which are closed here when it has its copies, and this
/// process's ends of its pipes, until they are taken.
struct ChildStreams: ~Copyable {
  /// Its input, output and errors; -1 where they are this process's.
  private(set) var theirs: [Int32] = [-1, -1, -1]
  private var input: Int32 = -1
  private var output: Int32 = -1
  private var errors: Int32 = -1

  deinit {
    // The errors may go where the output goes, and that may be where this process's goes.
    if theirs[2] > 2, theirs[2] != theirs[1] { postern_close(theirs[2]) }
    for descriptor in theirs.prefix(2) where descriptor >= 0 { postern_close(descriptor) }
    for descriptor in [input, output, errors] where descriptor >= 0 { postern_close(descriptor) }
  }

  mutating func open(_ program: ChildProgram) throws(FileError) {
    switch program.input {
    case .nothing: theirs[0] = try Self.nothing()
    case .inherited: break
    case .bytes(let bytes):
      theirs[0] = Int32(
        try File.check(
          Int(unsafe bytes.withUnsafeBytes { unsafe postern_open_bytes($0.baseAddress, $0.count) }), "input"))
    case .open: (theirs[0], input) = try Self.pipe()
    }
    (theirs[1], output) = try Self.open(program.output)
    if case .asOutput = program.errors {
      theirs[2] = theirs[1] < 0 ? 1 : theirs[1]
    } else {
      (theirs[2], errors) = try Self.open(program.errors)
    }
  }

  mutating func takeInput() -> Int32 { Self.take(&input) }
  mutating func takeOutput() -> Int32 { Self.take(&output) }
  mutating func takeErrors() -> Int32 { Self.take(&errors) }

  private static func take(_ descriptor: inout Int32) -> Int32 {
    defer { descriptor = -1 }
    return descriptor
  }

  /// What the child writes into, and what this process reads from.
  private static func open(_ output: ChildProgram.Output) throws(FileError) -> (theirs: Int32, own: Int32) {
    switch output {
    case .nothing, .asOutput: return (try nothing(), -1)
    case .inherited: return (-1, -1)
    case .file(let path): return (Int32(try File.check(Int(unsafe postern_open_appending(path, 0o600)), path)), -1)
    case .collected:
      let (reading, writing) = try pipe()
      return (writing, reading)
    }
  }

  private static func nothing() throws(FileError) -> Int32 {
    Int32(try File.check(Int(postern_open_nothing()), "/dev/null"))
  }

  private static func pipe() throws(FileError) -> (reading: Int32, writing: Int32) {
    var (reading, writing): (Int32, Int32) = (-1, -1)
    _ = try File.check(Int(unsafe postern_pipe(&reading, &writing)), "pipe")
    return (reading, writing)
  }
}
