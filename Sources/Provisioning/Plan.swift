import DatabaseSpec

/// What is to be done to a server so that it holds what is declared: data, made without any IO. Empty where the server
/// holds it already.
package struct Plan: Equatable, Sendable {
  /// What to do, in order: locks, roles, memberships, databases, schemas and extensions, grants, drops, scripts.
  package var steps: [Step]
  /// What cannot be done, or is to be told.
  package var problems: [PlanProblem]
  /// A plan of these parts.
  package init(steps: [Step] = [], problems: [PlanProblem] = []) {
    self.steps = steps
    self.problems = problems
  }

  /// Whether there is nothing to do.
  package var isEmpty: Bool { steps.isEmpty }

  /// The steps as redacted SQL, with a heading each.
  package var lines: [String] { steps.flatMap({ $0.lines }) }
}

/// What is wrong with an item before anything was run.
package struct PlanProblem: Equatable, Sendable {
  /// The item.
  package var item: Item
  /// What is wrong, in one line.
  package var message: String
  /// What to do.
  package var hint: String?
  /// Whether the item, and what requires it, fails because of it.
  package var isFailure: Bool

  /// The same for a report.
  package var itemProblem: ItemProblem {
    ItemProblem(item: item.description, message: message, hint: hint, isFailure: isFailure)
  }
}

/// What is to be done so that `observed` becomes `desired`. The same states give the same plan.
package func plan(_ desired: DesiredState, _ observed: ObservedState) -> Plan {
  var planner = Planner(desired: desired, observed: observed)
  planner.planLocks()
  planner.planRecords()
  planner.planRoles()
  planner.planAdministrator()
  planner.planMemberships()
  planner.planDatabases()
  for database in desired.spec.databases { planner.planContents(of: database) }
  planner.planGrants()
  planner.planRemovals()
  for database in desired.spec.databases { planner.planScripts(of: database) }
  return planner.plan
}

/// The part of ``plan(_:_:)`` that waits for nothing: who is to be locked is, and roles that Postern knows get their
/// passwords. Of `observed` it needs no database's contents.
package func planUrgent(_ desired: DesiredState, _ observed: ObservedState) -> Plan {
  var planner = Planner(desired: desired, observed: observed)
  planner.planLocks()
  planner.planKnownRoles()
  planner.planAdministrator()
  return planner.plan
}
