/// A customer in a namespace. It has one Postgres.
struct CustomerKey: Hashable, Sendable, CustomStringConvertible {
  var namespace: String
  var customer: String

  var description: String { "\(namespace)/\(customer)" }
}
