import Dispatch
import FoundationEssentials
import KubernetesClient
import Linux
import UnixSignals

extension ClusterAccess {
  /// Forwards the port of a customer's Postgres while `work` runs, which may block: it has a thread of its own.
  /// - Parameter endsAtSignals: whether the command ends by SIGINT and SIGTERM, without leaving the socket's folder.
  func forwarding<Value: Sendable>(
    _ server: CustomerServer, endsAtSignals: Bool = false,
    _ work: @escaping @Sendable (ForwardedPort) throws(CommandError) -> Value
  ) async throws(CommandError) -> Value {
    let console = console
    let result: Result<Value, CommandError>
    do throws(ConfigurationError) {
      result = try await client.forwarding(
        server.address, failed: { console.error("error: \($0.description.inOneLine)") }
      ) { port in
        if endsAtSignals {
          let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
          Task {
            for await signal in signals {
              try? FileManager.default.removeItem(atPath: port.folder)
              CurrentProcess.exit(128 + signal.rawValue)
            }
          }
        }
        return await withCheckedContinuation { continuation in
          DispatchQueue(label: "postern.forwarding").async {
            do throws(CommandError) { continuation.resume(returning: .success(try work(port))) } catch {
              continuation.resume(returning: .failure(error))
            }
          }
        }
      }
    } catch {
      throw .refused("\(error)")
    }
    return try result.get()
  }
}
