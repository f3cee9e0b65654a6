import LibPQ
import LogLine
import Provisioning

extension Executor {
  /// Runs steps that create or change databases themselves. Creating one is mostly waiting for the disk, so two are
  /// created at a time if the server has another connection free.
  mutating func runDatabases(_ steps: ArraySlice<Step>, _ connection: borrowing Connection) {
    let chains = Self.chains(steps)
    if chains.count(where: { $0[0].makesDatabase }) > 1 {
      do throws(PostgresError) {
        return runAbreast(chains, connection, try administration.connect(to: Postern.database))
      } catch { control.log(.debug, "no second connection", [("reason", error.description)]) }
    }
    for step in steps where !isEnding { run(step, connection) }
  }

  /// Groups the steps of each database, which follow one another.
  private static func chains(_ steps: ArraySlice<Step>) -> [[Step]] {
    var chains: [[Step]] = []
    for step in steps {
      if chains.last?[0].item == step.item { chains[chains.count - 1].append(step) } else { chains.append([step]) }
    }
    return chains
  }

  private mutating func runAbreast(
    _ chains: [[Step]], _ left: borrowing Connection, _ right: borrowing Connection
  ) {
    var waiting = chains[...]
    var onLeft: [Step]?
    var onRight: [Step]?
    while true {
      if onLeft == nil { onLeft = begin(&waiting, besides: onRight, left) }
      // The left connection holds the lock. Without it, nothing new is begun.
      if onRight == nil, !left.isBroken { onRight = begin(&waiting, besides: onLeft, right) }
      switch (onLeft, onRight) {
      case (nil, nil): return
      case (let chain?, nil):
        end(chain, left)
        onLeft = nil
      case (nil, let chain?):
        end(chain, right)
        onRight = nil
      case (let leftChain?, let rightChain?):
        switch Connection.firstAnswered(left, right, milliseconds: Self.patience) {
        case nil:
          noteLockHolders(before: left)
          noteLockHolders(before: right)
        case .left:
          end(leftChain, left)
          onLeft = nil
        case .right:
          end(rightChain, right)
          onRight = nil
        }
      }
    }
  }

  /// Sends the next CREATE DATABASE and returns its chain. Chains that create nothing are run at once. Nil where
  /// nothing more can be sent now.
  private mutating func begin(
    _ waiting: inout ArraySlice<[Step]>, besides other: [Step]?, _ connection: borrowing Connection
  ) -> [Step]? {
    while let chain = waiting.first, !isEnding, !connection.isBroken {
      // The database that is being created may be the template of this one.
      if let other, chain.contains(where: { $0.requires.contains(other[0].item) }) { return nil }
      waiting.removeFirst()
      guard case .alone(let statement) = chain[0].work else {
        for step in chain { run(step, connection) }
        continue
      }
      guard isToRun(chain[0]) else { continue }
      do throws(PostgresError) {
        try connection.send(statement.description, dropsRows: true)
        return chain
      } catch { fail(chain[0], error) }
    }
    return nil
  }

  /// Receives the answer to what was sent, and runs the other steps of the chain.
  private mutating func end(_ chain: [Step], _ connection: borrowing Connection) {
    do throws(PostgresError) { try receive(connection) } catch { return fail(chain[0], error) }
    succeed(chain[0])
    for step in chain.dropFirst() { run(step, connection) }
  }
}
