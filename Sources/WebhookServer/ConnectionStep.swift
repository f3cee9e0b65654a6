/// What a connection is to do next, as its rules (``ConnectionState``) say.
enum ConnectionStep: Equatable {
  case nothing
  /// Move the deadline: this is waited for from now on.
  case wait(Awaited)
  /// Tell the client to send its body (`100 Continue`).
  case sendContinue
  /// Take the review at the end of the event loop's turn.
  case joinTurn
  /// Take the review, have it decided elsewhere, and read nothing meanwhile.
  case decideElsewhere
  /// Keep what came, and tell it again when the review has been answered.
  case hold
  /// Write an answer, in this form. Where the connection does not persist, it is the last one.
  case answer(Answer, AnswerForm)
  /// Send what is written, then close the sending side.
  case end
  /// Close at once: this was waited for in vain.
  case cut(Awaited)
  /// Close at once: the place is needed.
  case leave
  /// Say that the place is not given up.
  case stay
}

/// What a request is answered.
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
  /// To HEAD: without a body.
  let isHead: Bool
}
