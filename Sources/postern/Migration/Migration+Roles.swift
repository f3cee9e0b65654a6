extension Migration {
  /// Notes what a role's options say that a declaration can say, and remarks on the rest.
  /// - Parameters:
  ///   - place: where they stand, for remarks.
  ///   - tellsLogin: whether NOLOGIN in them is the last word.
  mutating func takeOptions(_ options: RoleOptions, of user: String, at place: String, tellsLogin: Bool = true) {
    withUser(user) { entry in
      entry.connectionLimit = options.connectionLimit ?? entry.connectionLimit
      entry.validUntil = options.validUntil ?? entry.validUntil
      for role in options.memberOf where !entry.memberOf.contains(role) { entry.memberOf.append(role) }
    }
    if options.hasOtherTime {
      remark("user \(user): VALID UNTIL in \(place) is validUntil, as an RFC 3339 time; left out")
    }
    if options.hasPassword {
      remark("user \(user): PASSWORD in \(place) is left out; passwordFrom names the Secret that holds it")
    }
    if !options.members.isEmpty {
      remark(
        "user \(user): \(place) gives it members (\(options.members.joined(separator: ", "))), which is their memberOf")
    }
    if options.hasMore { remark("user \(user): \(place) holds more than a role's options; left out") }
    remarkPowers(options.powers + (tellsLogin && options.canLogIn == false ? ["nologin"] : []), of: user)
  }
}
