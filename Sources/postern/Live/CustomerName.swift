/// A customer of a live cluster.
struct CustomerName: Hashable, Comparable {
  let namespace: String
  let customer: String

  static func < (left: Self, right: Self) -> Bool {
    (left.namespace, left.customer) < (right.namespace, right.customer)
  }
}
