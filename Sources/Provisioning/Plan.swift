package import DatabaseSpec

/// The steps after which a server has everything that is declared. It is data, made without any IO. It is empty if the
/// server already has everything.
package struct Plan: Equatable, Sendable {
  /// The steps in order: locks, roles, memberships, databases, schemas and extensions, grants, drops, scripts.
  package var steps: [Step]
  /// What cannot be done, and warnings.
  package var problems: [PlanProblem]
  /// A plan with these values.
  package init(steps: [Step] = [], problems: [PlanProblem] = []) {
    self.steps = steps
    self.problems = problems
  }

  /// The steps as redacted SQL, each with a heading.
  package var lines: [String] { steps.flatMap({ $0.lines }) }
}

/// A problem with an item that is known before anything has run.
package struct PlanProblem: Equatable, Sendable {
  /// The item.
  package var item: Item
  /// The problem, in one line.
  package var message: String
  /// What to do.
  package var hint: String?
  /// Whether the item, and every item that requires it, fails because of it.
  package var isFailure: Bool

  /// The same for a report.
  package var itemProblem: ItemProblem {
    ItemProblem(item: item.description, message: message, hint: hint, isFailure: isFailure)
  }
}

/// The plan that turns `observed` into `desired`. The same states give the same plan.
package func plan(_ desired: DesiredState, _ observed: ObservedState) -> Plan {
  var planner = Planner(desired: desired, observed: observed)
  planner.planLocks()
  planner.planRecords()
  planner.tellHeld()
  planner.planRoleRenames()
  planner.planRoles()
  planner.planSecondLogins(areKnown: false)
  planner.planAdministrator()
  planner.planMemberships()
  planner.planExclusions()
  planner.planDatabaseRenames()
  planner.planDatabases()
  planner.planLeftOvers()
  let databases = planner.ownDatabases
  for database in databases { planner.planContents(of: database) }
  planner.planGrants()
  planner.planRemovals()
  planner.planLeftRecorders()
  for database in databases { planner.planScripts(of: database) }
  return planner.plan
}

/// What follows ``plan(_:_:)`` where rights on too many objects of a database differ for one plan: steps about those of
/// `gaps` alone. `observed` is the state that the plan is of.
/// - Returns: nil where the plan has renamed something, so that all must be read again.
package func planFurtherGrants(
  _ desired: DesiredState, _ observed: ObservedState, on database: PostgresName, _ gaps: [PrivilegeGap]
) -> Plan? {
  var planner = Planner(desired: desired, observed: observed)
  guard planner.renames.isEmpty else { return nil }
  planner.planFurtherGrants(on: database, gaps)
  return planner.plan
}

/// The part of ``plan(_:_:)`` that must not wait: it locks users, and sets the passwords of roles that Postern already
/// manages. It needs no database's contents of `observed`.
package func planUrgent(_ desired: DesiredState, _ observed: ObservedState) -> Plan {
  var planner = Planner(desired: desired, observed: observed)
  planner.planLocks()
  planner.planKnownRoles()
  planner.planSecondLogins(areKnown: true)
  planner.planAdministrator()
  return planner.plan
}
