/// Whether the connection goes on after an answer, as the answer's head says it.
enum Persistence {
  /// HTTP/1.1: nothing need be said.
  case implied
  /// To an HTTP/1.0 client that asked for it.
  case keepAlive
  case close
}
