internal import CLinux

/// A program that takes this process's place at the terminal while it runs.
package enum ChildProcess {
  /// Runs a program to its end. It blocks the thread. Signals from the terminal are the program's alone, and a request to
  /// end this process ends the program.
  /// - Parameters:
  ///   - program: its path.
  ///   - arguments: without the program's name.
  ///   - environment: all its variables, as `NAME=VALUE`.
  /// - Returns: its exit status; 128 and the signal's number where a signal ended it.
  package static func run(
    _ program: String, _ arguments: [String], environment: [String]
  ) throws(FileError) -> Int32 {
    let (words, variables) = ([program] + arguments, environment)
    guard !(words + variables).contains(where: { $0.utf8.contains(0) }) else {
      throw FileError(program, reason: "an argument or a variable contains a NUL")
    }
    let status = unsafe texts(words).withUnsafeBufferPointer { words in
      unsafe texts(variables).withUnsafeBufferPointer { variables in
        unsafe postern_run_child(
          program, words.baseAddress, Int32(arguments.count + 1), variables.baseAddress, Int32(environment.count))
      }
    }
    return Int32(try File.check(Int(status), program))
  }

  /// The texts, each ended by a NUL.
  private static func texts(_ texts: [String]) -> [CChar] {
    var bytes: [CChar] = []
    for text in texts {
      for byte in text.utf8 { bytes.append(CChar(bitPattern: byte)) }
      bytes.append(0)
    }
    // An empty array has no address.
    bytes.append(0)
    return bytes
  }
}
