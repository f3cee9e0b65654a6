import Contract
import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// The result of asking a sidecar.
package enum StatusAnswer: Equatable, Sendable {
  /// The status, as JSON.
  case status([UInt8])
  /// The sidecar does not accept the token.
  case refused
  /// Why there is no answer, in a few words.
  case unreachable(String)
}

/// Asks the sidecar at an address and port, with a token.
package typealias StatusQuestion =
  @Sendable (_ address: String, _ port: Int, _ token: String) async -> StatusAnswer

/// Asks sidecars for their status over plain HTTP. Each answer is limited in time and bytes, and redirects are not
/// followed.
package final class StatusClient: Sendable {
  private static let timeout: Duration = .seconds(3)
  private static let tooSlow = StatusAnswer.unreachable("no whole answer within \(timeout.components.seconds) s")
  private static let maximumBytes = 256 << 10

  private let client: HTTPClient

  /// A client. It connects when it is first used.
  package init() {
    var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
    configuration.httpVersion = .http1Only
    configuration.timeout.connect = .seconds(1)
    configuration.timeout.read = .seconds(2)
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.proxy = nil
    client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  /// Must be called before the client is released.
  package func shutdown() async { try? await client.shutdown() }

  /// Asks the sidecar.
  @Sendable package func ask(_ address: String, _ port: Int, _ token: String) async -> StatusAnswer {
    let host = address.contains(":") ? "[\(address)]" : address
    var request = HTTPClientRequest(url: "http://\(host):\(port)\(StatusPort.statusPath)")
    request.headers = [
      "Authorization": "Bearer \(token)", "User-Agent": ObjectLabel.manager, "Connection": "close",
    ]
    do {
      // The HTTP client's own bound ends with the head, and a body may come byte by byte.
      return try await withTimeout(Self.timeout) { [client, request] in
        let response = try await client.execute(request, timeout: TimeAmount(Self.timeout))
        switch response.status.code {
        case 200:
          return .status(Array(try await response.body.collect(upTo: Self.maximumBytes).readableBytesView))
        case 401, 403: return .refused
        default: return .unreachable("it answers \(response.status.code)")
        }
      }
    } catch is TimedOut {
      return Self.tooSlow
    } catch is NIOTooManyBytesError {
      return .unreachable("its answer is larger than \(Self.maximumBytes) bytes")
    } catch let error as HTTPClientError where error == .deadlineExceeded {
      // The time for the connection ends sooner, so that there is one.
      return Self.tooSlow
    } catch let error as HTTPClientError where error == .connectTimeout {
      return .unreachable("no connection within a second; does a NetworkPolicy keep the controller out?")
    } catch let error as HTTPClientError {
      return .unreachable(error.shortDescription)
    } catch {
      return .unreachable("\(error)".contains("refused") ? "the connection is refused" : "the connection failed")
    }
  }
}
