/// The names of the objects that Postern makes for a customer (docs/design.md, "What Postern makes").
package enum ObjectName {
  /// The prefix of the names of all of a customer's objects.
  package static func prefix(customer: String) -> String { "\(customer)-pg-" }
  /// The ConfigMap that holds `spec.json` and the scripts.
  package static func spec(customer: String) -> String { "\(customer)-pg-spec" }
  /// The Secret that holds `passwords.json`.
  package static func passwords(customer: String) -> String { "\(customer)-pg-passwords" }
  /// The Secret that holds the superuser's name and password.
  package static func admin(customer: String) -> String { "\(customer)-pg-admin" }
  /// The prefix of the names of the users' Secrets.
  package static func userPrefix(customer: String) -> String { "\(customer)-pg-user-" }
  /// The Secret that holds everything that a client needs to connect as a user.
  /// - Parameter label: the user's name, made valid for an object's name.
  package static func user(label: String, customer: String) -> String { userPrefix(customer: customer) + label }
}
