/// Whether the connection persists after an answer, as the answer's head says.
enum Persistence {
  /// HTTP/1.1: the connection persists by default, so the head says nothing.
  case implied
  /// For an HTTP/1.0 client that asked for it.
  case keepAlive
  case close
}
