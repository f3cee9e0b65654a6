package import Provisioning

/// What a pass would find on a server, and what it would do.
package struct Survey {
  package var state: ObservedState
  package var plan: Plan
}
