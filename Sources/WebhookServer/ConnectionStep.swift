/// What a connection must do next, as its rules (``ConnectionState``) say.
enum ConnectionStep: Equatable {
  case nothing
  /// Wait for this from now on, with a new deadline.
  case wait(Awaited)
  /// Tell the client to send its body (`100 Continue`).
  case sendContinue
  /// Take the review at the end of the event loop's turn.
  case joinTurn
  /// Take the review, let another thread decide it, and read nothing until then.
  case decideElsewhere
  /// Keep the event, and handle it again when the review has been answered.
  case hold
  /// Write an answer in this form. If the connection does not persist, it is the last one.
  case answer(Answer, AnswerForm)
  /// Send what has been written, then close the sending side.
  case end
  /// Close at once, because this was awaited and did not come.
  case cut(Awaited)
  /// Close at once, because another connection needs the place.
  case leave
  /// Report that this connection keeps its place.
  case stay
}

/// The content of an answer.
enum Answer: Equatable {
  case decision(WebhookReply)
  case health
  case readiness
  case metrics
  case refusal(Refusal)
}

/// How an answer is written.
struct AnswerForm: Equatable {
  let persistence: Persistence
  /// The request was HEAD: leave out the body.
  let isHead: Bool
}
