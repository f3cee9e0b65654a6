import Admission
import Instances
import JSONBytes
import KubernetesAPI
import KubernetesClient

extension ObjectAccess {
  private static let serviceReader = ObjectReader { object throws(JSONError) in
    LiveService(try JSONValue(parsing: object))
  }

  /// A Service; nil where there is none.
  func service(_ name: String) async throws(Interruption) -> LiveService? {
    do throws(KubernetesError) {
      return try await client.get(.services, name, in: key.namespace, as: Self.serviceReader)
    } catch {
      guard error.isNotFound else { throw .failed(error) }
      return nil
    }
  }

  /// Makes a Service, or changes it if it has not changed since it was read. Fields of a Service that somebody else has
  /// made meanwhile are a conflict.
  func apply(_ service: DesiredService, over live: LiveService?) async throws(Interruption) {
    try check()
    do throws(KubernetesError) {
      try await client.apply(.services, service.manifest(over: live), force: live != nil, as: .nothing)
    } catch { throw .failed(error) }
  }

  /// Deletes a Service, if it has not changed since it was read.
  func delete(_ live: LiveService) async throws(Interruption) {
    try check()
    do throws(KubernetesError) {
      try await client.delete(
        .services, live.facts.name, in: key.namespace, uid: live.uid, resourceVersion: live.resourceVersion)
    } catch {
      guard error.isNotFound else { throw .failed(error) }
    }
  }
}
