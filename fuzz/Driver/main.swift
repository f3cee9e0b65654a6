import CFuzzer
import FuzzTargets

#if canImport(Glibc)
  import Glibc
#endif

/// Which target libFuzzer feeds: the environment's FUZZ_TARGET.
private let target: FuzzTarget = {
  let name = unsafe getenv("FUZZ_TARGET").map { unsafe String(cString: $0) } ?? ""
  guard let target = FuzzTarget(rawValue: name) else {
    fatalError("FUZZ_TARGET is \"\(name)\"; one of \(FuzzTarget.allCases.map(\.rawValue)) is expected")
  }
  return target
}()

var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe CommandLine.unsafeArgv
exit(
  unsafe LLVMFuzzerRunDriver(&count, &arguments) { start, count in
    target.run(unsafe Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
  })
