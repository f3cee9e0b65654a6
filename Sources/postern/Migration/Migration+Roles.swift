extension Migration {
  /// Notes what a role's options say that a declaration can say, and remarks on the rest.
  /// - Parameters:
  ///   - place: where they stand, for remarks.
  ///   - password: the Secret's key that holds the password, where that is known.
  ///   - tellsLogin: whether NOLOGIN in them is the last word.
  mutating func takeOptions(
    _ options: RoleOptions, of user: String, at place: String, password: (secret: String, key: String)? = nil,
    tellsLogin: Bool = true
  ) {
    withUser(user) { entry in
      entry.passwordFrom = password ?? entry.passwordFrom
      entry.connectionLimit = options.connectionLimit ?? entry.connectionLimit
      entry.validUntil = options.validUntil ?? entry.validUntil
      for role in options.memberOf where !entry.memberOf.contains(role) { entry.memberOf.append(role) }
    }
    if options.hasOtherTime {
      remark("user \(user): VALID UNTIL in \(place) is validUntil, as an RFC 3339 time; left out")
    }
    if options.hasPassword, password == nil {
      remark(
        "user \(user): PASSWORD in \(place) is left out; the user gets a new one, unless passwordFrom names a Secret that holds it"
      )
    }
    if !options.members.isEmpty {
      remark(
        "user \(user): \(place) gives it members (\(options.members.joined(separator: ", "))), which is their memberOf")
    }
    if options.hasMore { remark("user \(user): \(place) holds more than a role's options; left out") }
    remarkPowers(options.powers + (tellsLogin && options.canLogIn == false ? ["nologin"] : []), of: user)
  }
}
