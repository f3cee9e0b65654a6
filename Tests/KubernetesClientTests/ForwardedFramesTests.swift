import NIOCore
import NIOWebSocket
import Testing

@testable import KubernetesClient

@Suite struct ForwardedFramesTests {
  private func frame(
    _ bytes: [UInt8], _ opcode: WebSocketOpcode = .binary, fin: Bool = true
  ) -> WebSocketFrame {
    WebSocketFrame(fin: fin, opcode: opcode, data: ByteBuffer(bytes: bytes))
  }

  /// What the frames carry in all: the connection's bytes, and the error.
  private func carried(_ all: [WebSocketFrame]) -> (bytes: [UInt8], error: String?) {
    var frames = ForwardedFrames()
    var bytes: [UInt8] = []
    for frame in all { if case .bytes(let buffer) = frames.take(frame) { bytes += buffer.readableBytesView } }
    return (bytes, frames.error)
  }

  @Test func thePortsNumberIsLeftOutHoweverItIsCut() {
    let whole = carried([frame([0, 0x38, 0x15]), frame([1, 0x38, 0x15]), frame([0, 7, 8])])
    #expect(whole.bytes == [7, 8] && whole.error == nil)
    let cut = carried([frame([0, 0x38]), frame([0, 0x15, 7]), frame([0]), frame([0, 8]), frame([1]), frame([])])
    #expect(cut.bytes == [7, 8] && cut.error == nil)
  }

  @Test func aMessageOfSeveralFramesStaysInItsChannel() {
    let (bytes, error) = carried([
      frame([0, 0x38, 0x15]), frame([1, 0x38, 0x15]), frame([0, 7], fin: false), frame([9], .ping),
      frame([8], .continuation, fin: false), frame([9], .continuation), frame([1, 0x6E], fin: false),
      frame([0x6F], .continuation),
    ])
    #expect(bytes == [7, 8, 9] && error == "no")
  }

  @Test func otherChannelsAreIgnoredAndAnErrorIsBounded() {
    let (bytes, error) = carried(
      [frame([2, 1, 2, 3]), frame([255, 4]), frame([1, 0, 0])]
        + (0..<100).map { _ in frame([1] + [UInt8](repeating: 65, count: 99)) })
    #expect(bytes.isEmpty && error?.utf8.count == 1024)
  }

  @Test func aPingIsAnsweredAndACloseEnds() {
    var frames = ForwardedFrames()
    guard case .answer(let pong) = frames.take(frame([1, 2], .ping)) else { return #expect(Bool(false)) }
    #expect(pong.opcode == .pong && pong.maskKey != nil && Array(pong.data.readableBytesView) == [1, 2])
    #expect(frames.take(frame([3, 232], .connectionClose)) == .end)
    #expect(frames.take(frame([1], .pong)) == .nothing)
  }
}
