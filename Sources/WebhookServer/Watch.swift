import NIOCore

/// The one deadline of a connection: what is waited for now, and until when.
///
/// Moving the deadline out, which every request does, costs no more than the clock: the timer that is set goes off
/// early, finds the deadline moved, and is set again.
final class Watch {
  /// What a client is given time for; the raw value is for the log.
  enum Subject: String {
    case handshake = "the TLS handshake"
    case idle = "a request"
    case head = "the rest of the header fields"
    case body = "the rest of the body"
    case reader = "the client to read its answer"
    case linger = "the client to close"

    /// The word for it in a metric; nil where the client has done all that it must.
    var metric: String? {
      switch self {
      case .handshake: "handshake"
      case .head: "header"
      case .body: "body"
      case .reader: "reader"
      case .idle, .linger: nil
      }
    }
  }

  private(set) var subject = Subject.handshake
  private let configuration: ServerConfiguration
  private var eventLoop: (any EventLoop)?
  private var expired: ((Subject) -> Void)?
  private var deadline = NIODeadline.distantFuture
  private var timer: Scheduled<Void>?
  private var timerDeadline = NIODeadline.distantFuture

  init(_ configuration: ServerConfiguration) {
    self.configuration = configuration
  }

  /// Before the first `start`: `expired` is called on this event loop when the time of a subject is over.
  func attach(to eventLoop: any EventLoop, expired: @escaping (Subject) -> Void) {
    self.eventLoop = eventLoop
    self.expired = expired
  }

  /// Waits for the subject, and for nothing else.
  func start(_ subject: Subject) {
    self.subject = subject
    deadline = .now() + TimeAmount(limit(subject))
    if timer == nil || deadline < timerDeadline { schedule() }
  }

  /// Waits for nothing any more, for good.
  func detach() {
    timer?.cancel()
    timer = nil
    eventLoop = nil
    expired = nil
  }

  private func schedule() {
    timer?.cancel()
    timerDeadline = deadline
    timer = eventLoop?.assumeIsolated().scheduleTask(deadline: deadline) { [self] in
      timer = nil
      if NIODeadline.now() < deadline { schedule() } else { expired?(subject) }
    }
  }

  private func limit(_ subject: Subject) -> Duration {
    switch subject {
    case .handshake: configuration.handshakeTimeout
    case .idle: configuration.idleTimeout
    case .head: configuration.headerTimeout
    case .body, .reader: configuration.bodyTimeout
    case .linger: configuration.lingerTime
    }
  }
}
