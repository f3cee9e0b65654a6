import Foundation
import Linux
import TestThreads
import Testing

private func shell(_ script: String, _ arguments: [String] = []) -> ChildProgram {
  var program = ChildProgram("/bin/sh", ["-c", script, "sh"] + arguments)
  (program.output, program.errors) = (.collected, .collected)
  return program
}

/// Waits until a condition holds. Gives up after a time that only a failure can take.
private func waited(_ condition: () throws -> Bool) rethrows -> Bool {
  let deadline = ContinuousClock.now + .seconds(60)
  while ContinuousClock.now < deadline {
    if try condition() { return true }
    usleep(1000)
  }
  return false
}

@Suite(.blocking) struct ChildProgramTests {
  @Test(
    arguments: [
      ("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -TERM $$", 143), (#"test "$A$1" = "b c" || exit 9"#, 0),
      ("test -z \"$HOME\" || exit 9", 0), ("test ! -e /proc/self/fd/3 || exit 9", 0),
    ] as [(String, Int32)])
  func theStatusIsThatOfAShell(_ script: String, _ status: Int32) throws {
    var program = shell(script, [" c"])
    program.environment = ["A": "b"]
    #expect(try program.runAtTerminal() == status)
    #expect(try program.answer().status == status)
  }

  @Test func theEndTellsAnExitFromASignal() throws {
    #expect(try shell("exit 137").answer().end == .exited(137))
    #expect(try shell("kill -9 $$").answer().end == .killed(9))
  }

  @Test(
    arguments: [
      ("/nonexistent/psql", nil, "/nonexistent/psql: there is no such program"),
      ("postern-nonexistent", nil, "postern-nonexistent: there is no such program in the folders of PATH"),
      ("/etc/passwd", nil, "/etc/passwd: it may not be run"), ("/etc", nil, "/etc: it may not be run"),
      ("/bin/sh", "/nonexistent", "/nonexistent: there is no such folder to run /bin/sh in"),
      ("/bin/sh", "/etc/passwd", "/etc/passwd: there is no such folder"),
      ("a\u{0}b", nil, "NUL"),
    ] as [(String, String?, String)])
  func aProgramThatCannotBeRunIsAnErrorThatSaysWhy(program: String, folder: String?, reason: String) {
    var program = ChildProgram(program)
    program.folder = folder
    for run in [{ () throws(FileError) in _ = try program.answer() }, { _ = try program.runAtTerminal() }] {
      let error = #expect(throws: FileError.self) { try run() }
      #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }
  }

  @Test(arguments: [("#!/nonexistent/interpreter\n", "first line"), ("\u{7f}ELF", "no program of this machine")])
  func aFileThatIsNoProgramHereIsAnErrorThatSaysWhy(text: String, reason: String) throws {
    let path = "/tmp/child-\(CurrentProcess.identifier)-\(UInt64.random(in: 0 ... .max))"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try File.write(Array(text.utf8), to: path, mode: 0o755)
    let error = #expect(throws: FileError.self) { try ChildProgram(path).answer() }
    #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
  }

  @Test func aNameIsLookedForInThePathAndItsVariablesAndFolderAreItsOwn() throws {
    #expect(ChildProgram.path(of: "sh")?.hasSuffix("/sh") == true)
    #expect(ChildProgram.path(of: "/bin/sh") == "/bin/sh")
    #expect(ChildProgram.path(of: "/bin") == nil)
    #expect(ChildProgram.path(of: "") == nil)
    var program = ChildProgram("sh", ["-c", "pwd; env; echo error >&2"])
    (program.output, program.errors) = (.collected, .asOutput)
    (program.folder, program.environment) = ("/usr", ["PATH": "/usr/bin:/bin", "A": "b=c"])
    let lines = Set(try program.answer().text.split(separator: "\n"))
    #expect(lines.isSuperset(of: ["/usr", "A=b=c", "error"]))
    #expect(!lines.contains { $0.hasPrefix("HOME=") })
    program.environment = nil
    #expect(try program.answer().text.contains("PATH=\(CurrentProcess.environment("PATH") ?? "")"))
  }

  @Test func inputIsNothingOrBytes() throws {
    var program = shell("cat")
    #expect(try program.answer().output == [])
    let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
    program.input = .bytes(bytes)
    #expect(try program.answer().output == bytes)
    // Who reads nothing of it is no trouble.
    #expect(try program.with { $0.arguments[1] = "exec <&-; exit 3" }.answer().status == 3)
    // A program may open its input by name.
    #expect(try program.with { $0.arguments[1] = "wc -c </dev/stdin" }.answer().text.contains("1000000"))
  }

  @Test func anOpenInputEndsWithTheObject() throws {
    var program = shell("cat; echo over")
    program.input = .open
    var child: ChildProcess? = try program.start()
    let identifier = try #require(child?.identifier)
    #expect(child?.waitForEnd(within: 50) == nil)
    child = nil
    #expect(!File.exists("/proc/\(identifier)"))
  }

  @Test func aFileIsAddedTo() throws {
    let path = "/tmp/child-\(CurrentProcess.identifier)-\(UInt64.random(in: 0 ... .max))"
    defer { try? FileManager.default.removeItem(atPath: path) }
    var program = shell("echo out; echo error >&2")
    (program.output, program.errors) = (.file(path), .asOutput)
    _ = try program.answer()
    #expect(try program.answer().output == [])
    #expect(String(decoding: try File.read(path), as: UTF8.self) == "out\nerror\nout\nerror\n")
  }

  @Test func moreThanAPipeHoldsComesFromBothStreamsAtOnce() throws {
    let script = "i=0; while [ $i -lt 40 ]; do head -c 100000 /dev/zero; head -c 100001 /dev/zero >&2; i=$((i+1)); done"
    let answer = try shell(script).answer()
    #expect(answer.output.count == 4_000_000)
    #expect(answer.errors.count == 4_000_040)
  }

  @Test func signalsAreAsByDefaultInAProgram() throws {
    // The tests' process may ignore some of them; a shell does not trap what it was started to ignore.
    let answer = try shell("grep -E 'Sig(Blk|Ign)' /proc/self/status").answer()
    let sets = answer.text.split(separator: "\n").compactMap {
      $0.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) }
    }
    // The C library has uses of its own for 32 and 33.
    #expect(sets.count == 2 && sets.allSatisfy { $0 & 0x7fff_ffff == 0 }, "\(answer.text)")
  }
}

@Suite(.blocking, .serialized) struct ChildProcessTests {
  @Test func aProgramThatIgnoresSIGTERMIsKilled() throws {
    let program = shell("trap '' TERM; echo ready; while :; do read line </dev/zero; done")
    let child = try program.start()
    #expect(child.nextOutput() == Array("ready\n".utf8))
    #expect(child.waitForEnd(within: 0) == nil)
    #expect(child.stop(within: 20) == .killed(9))
    #expect(child.end == .killed(9))
    // A signal to one that has ended goes to nobody.
    child.signal(9)
    #expect(child.stop() == .killed(9))
  }

  @Test func whoTakesTooLongIsEndedAndWhatItWroteIsKept() throws {
    // On a busy machine a shell may need longer than that to begin.
    let hasBegun = try waited {
      let answer = try shell("echo begun; exec sleep 600").answer(within: 500)
      #expect(answer.wasLate)
      #expect(answer.end == .killed(15))
      return answer.text == "begun\n"
    }
    #expect(hasBegun)
    // So is one that never stops writing, and one that closes its output.
    #expect(try shell("while :; do echo y; done").answer(within: 200).wasLate)
    #expect(try shell("exec >&- 2>&- sleep 600").answer(within: 200).wasLate)
    #expect(try !shell("echo done").answer(within: 60_000).wasLate)
  }

  @Test func aProgramMayLiveOnAfterItsOutputIsClosed() throws {
    var program = shell("exec 3>&1; echo last; exec >&- 2>&- 3>&-; read line; exit 5")
    program.input = .open
    let child = try program.start()
    #expect(child.nextOutput() == Array("last\n".utf8))
    #expect(child.nextOutput() == nil)
    #expect(child.isRunning)
    child.terminate()
    #expect(child.waitForEnd() == .killed(15))
    // The answer is there when it has ended.
    let answer = try shell("echo last; exec >&- 2>&-; sleep 0.1; exit 5").answer()
    #expect(answer.end == .exited(5))
    #expect(answer.text == "last\n")
  }

  @Test func whatAGrandchildHoldsOpenIsNotWaitedFor() throws {
    let script = "sleep 600 & echo $!; head -c 50000 /dev/zero; echo error >&2"
    let answer = try shell(script).answer()
    let grandchild = try #require(answer.text.split(separator: "\n").first)
    defer { _ = try? shell("kill -9 \(grandchild)").answer() }
    #expect(File.exists("/proc/\(grandchild)"))
    #expect(answer.output.count == 50_000 + grandchild.utf8.count + 1)
    #expect(answer.errorText == "error\n")
    // One that writes all the time does not hold it either.
    let flood = try shell("yes & echo $! >&2; exec >&-; head -c 100000 /dev/zero >/dev/null").answer()
    _ = try shell("kill -9 \(flood.errorText)").answer()
    #expect(flood.end == .exited(0))
  }

  @Test func aGroupIsKilledWithItsLeader() throws {
    var program = shell("sleep 600 & echo $!; wait")
    program.leadsGroup = true
    var child: ChildProcess? = try program.start()
    let grandchild = String(decoding: try #require(child?.nextOutput()), as: UTF8.self).dropLast()
    child = nil
    // It is a zombie until this machine's first process sees to it.
    let state = { (try? File.read("/proc/\(grandchild)/stat")).map { String(decoding: $0, as: UTF8.self) } }
    #expect(waited { state()?.contains(") Z") ?? true })
  }

  @Test func childrenOfManyThreadsAtOnceKeepTheirOutputAndTheirEnds() async throws {
    let answers = try await withThrowingTaskGroup(of: (Int, ChildAnswer).self) { group in
      for number in 0..<300 {
        let script = "echo $$; ls /proc/self/fd >&2; printf '%08000d' \(number); exit \(number % 100)"
        group.addTask { (number, try await onThread { try shell(script).answer() }) }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    for (number, answer) in answers {
      #expect(answer.end == .exited(Int32(number % 100)))
      let lines = answer.text.split(separator: "\n")
      #expect(lines.last?.utf8.count == 8000 && lines.last.flatMap { Int($0) } == number)
      // Three streams, and the folder that `ls` reads.
      #expect(answer.errorText == "0\n1\n2\n3\n")
      let identifier = try #require(lines.first)
      let status = (try? File.read("/proc/\(identifier)/status")).map { String(decoding: $0, as: UTF8.self) } ?? ""
      #expect(!status.contains("PPid:\t\(CurrentProcess.identifier)\n"), "it is a zombie")
    }
  }

  @Test func theEndIsSeenByEveryThreadThatWaits() async throws {
    var program = shell("cat")
    program.input = .open
    let child = try program.start()
    try await withThrowingTaskGroup(of: ChildEnd?.self) { group in
      for _ in 0..<100 { group.addTask { try await onThread { child.waitForEnd(within: 60_000) } } }
      child.kill()
      for try await end in group { #expect(end == .killed(9)) }
    }
  }

  /// Tests of other suites start programs meanwhile, but not by hundreds.
  @Test func noDescriptorIsLeftInThisProcess() throws {
    let kinds = ["pipe:", "anon_inode:[pidfd]", "/memfd:", "/dev/null"]
    let open = { () throws in
      try names("/proc/self/fd").count { name in
        let target = File.linkTarget("/proc/self/fd/\(name)") ?? ""
        return kinds.contains { target.hasPrefix($0) }
      }
    }
    let before = try open()
    for _ in 0..<200 {
      _ = try shell("echo a; echo b >&2").answer()
      var missing = ChildProgram("/nonexistent")
      (missing.output, missing.input) = (.collected, .bytes([1]))
      _ = try? missing.answer()
    }
    #expect(try open() < before + 150)
  }
}

/// Runs `work` on a thread of its own.
private func onThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
  }
}

extension ChildProgram {
  fileprivate func with(_ change: (inout ChildProgram) -> Void) -> ChildProgram {
    var copy = self
    change(&copy)
    return copy
  }
}
