extension Migration {
  /// Notes who can connect by a right of PUBLIC's alone, which Postern takes back on the databases that are declared. Of a
  /// server, `settle` tells it.
  mutating func remarkClosing() {
    let closed = databases.compactMap { database -> String? in
      let granted = users.filter { $0.grants.contains { $0.database == database.name } }
      let doors = Set([database.owner] + granted.map(\.name))
      let shut = users.filter { !$0.isAbsent && roles(of: $0.name).isDisjoint(with: doors) }.map(\.name)
      return shut.isEmpty ? nil : "\(database.name) (\(Self.list(shut)))"
    }
    guard !closed.isEmpty else { return }
    remark(
      "CONNECT is taken back from PUBLIC on declared databases; who has no grant there can connect no more: \(Self.list(closed))"
    )
  }

  /// A user and the users whose rights it has.
  private func roles(of name: String) -> Set<String> {
    var found: Set = [name]
    var open = [name]
    while let role = open.popLast() {
      for group in users.first(where: { $0.name == role })?.memberOf ?? [] where found.insert(group).inserted {
        open.append(group)
      }
    }
    return found
  }
}
