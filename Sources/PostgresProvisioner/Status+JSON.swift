import DatabaseSpec
import JSONBytes
import Provisioning

extension Status {
  /// The bytes of the status file: one JSON object. Unknown values are left out.
  package func encoded() -> [UInt8] {
    var writer = JSONWriter(capacity: 512)
    writer.beginObject()
    writer.member("apiVersion", InstanceSpec.apiVersion)
    if let customer { writer.member("customer", customer) }
    writer.member("ready", isReady)
    writer.member("outcome", outcome.rawValue)
    if let message { writer.member("message", message) }
    if let specHash { writer.member("specHash", specHash) }
    if let appliedAt { writer.member("appliedAt", appliedAt) }
    if let postgresStart { writer.member("postgresStart", postgresStart) }
    if let convergedStart { writer.member("convergedStart", convergedStart) }
    if let running {
      writer.key("running")
      writer.beginObject()
      writer.member("item", running.item)
      writer.member("since", running.since)
      if let waitsFor = running.waitsFor { writer.member("waitsFor", waitsFor) }
      writer.endObject()
    }
    writer.key("problems")
    writer.beginArray()
    for problem in problems {
      writer.beginObject()
      writer.member("item", problem.item)
      writer.member("message", problem.message)
      if let sqlState = problem.sqlState { writer.member("sqlState", sqlState) }
      if let hint = problem.hint { writer.member("hint", hint) }
      writer.member("failure", problem.isFailure)
      writer.endObject()
    }
    writer.endArray()
    writer.endObject()
    return writer.bytes
  }

  /// Reads what ``encoded()`` wrote; nil where the bytes are something else.
  package init?(decoding bytes: [UInt8]) {
    let root: JSONValue
    do throws(JSONError) { root = try JSONValue(parsing: bytes) } catch { return nil }
    guard root["apiVersion"]?.string == InstanceSpec.apiVersion, case .bool(let isReady)? = root["ready"],
      let outcome = root["outcome"]?.string.flatMap(Outcome.init(rawValue:)), let problems = root["problems"]?.array
    else { return nil }
    self.init(
      customer: root["customer"]?.string, isReady: isReady, outcome: outcome, message: root["message"]?.string,
      specHash: root["specHash"]?.string, appliedAt: root["appliedAt"]?.string,
      postgresStart: root["postgresStart"]?.string, convergedStart: root["convergedStart"]?.string,
      problems: problems.map { problem in
        ItemProblem(
          item: problem["item"]?.string ?? "", message: problem["message"]?.string ?? "",
          sqlState: problem["sqlState"]?.string, hint: problem["hint"]?.string,
          isFailure: problem["failure"] != .bool(false))
      },
      running: root["running"].map { running in
        RunningScript(
          item: running["item"]?.string ?? "", since: running["since"]?.string ?? "",
          waitsFor: running["waitsFor"]?.string)
      })
  }
}
