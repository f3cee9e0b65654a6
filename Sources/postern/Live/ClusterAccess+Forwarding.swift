import Foundation
import KubernetesClient

extension ClusterAccess {
  /// Forwards the port of a customer's Postgres while `work` runs, which may block: it has a thread of its own.
  func forwarding<Value: Sendable>(
    _ server: CustomerServer, _ work: @escaping @Sendable (ForwardedPort) throws(CommandError) -> Value
  ) async throws(CommandError) -> Value {
    let console = console
    let result: Result<Value, CommandError>
    do throws(ConfigurationError) {
      result = try await client.forwarding(
        server.address, failed: { console.error("error: \($0.description.inOneLine)") }
      ) { port in
        await withCheckedContinuation { continuation in
          Thread.detachNewThread {
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
