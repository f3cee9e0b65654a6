import Contract
package import DatabaseSpec

/// The flat file of `postern.io/users-from`: one `user:password` a line.
///
/// The password is all that follows the first colon, to the end of the line; a carriage return before the line break is
/// dropped, and nothing else. Lines of white space, and those whose first sign is `#`, are skipped. A name does not begin or
/// end with white space here: `ann : x` is hardly meant as the user `ann `.
package struct FlatFile: Equatable, Sendable {
  /// One line.
  package struct Entry: Equatable, Sendable {
    /// The user's name, exactly as written.
    package var user: PostgresName
    /// The user's password.
    package var password: Password
    /// Its line, from 1.
    package var line: Int

    /// The entry of a line.
    package init(user: PostgresName, password: Password, line: Int) {
      self.user = user
      self.password = password
      self.line = line
    }
  }

  /// The place of the file.
  package let source: ObjectKey
  /// The users in the order of the lines, without duplicates.
  package let entries: [Entry]
  /// Warnings about lines that are allowed.
  package let warnings: [DeclarationProblem]

  /// Reads a file. If there are errors, it returns all of them and no file. No problem shows a line's content, because
  /// a line without a colon may be a password.
  package static func parse(
    _ bytes: [UInt8], source: ObjectKey
  ) -> (file: FlatFile?, problems: [DeclarationProblem], warnings: [DeclarationProblem]) {
    var reader = FlatFileReader(source: source)
    let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let text = bytes.starts(with: byteOrderMark) ? bytes.dropFirst(3) : bytes[...]
    for line in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) where !reader.isFull {
      reader.read(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
    }
    let warnings = reader.problems.warnings
    guard reader.problems.errors.isEmpty else { return (nil, reader.problems.errors, warnings) }
    return (FlatFile(source: source, entries: reader.entries, warnings: warnings), [], warnings)
  }
}

/// Reads a flat file line by line.
private struct FlatFileReader {
  let source: ObjectKey
  var entries: [FlatFile.Entry] = []
  var problems = Problems()
  /// Whether the limit of lines has been reached, so that no more are read.
  private(set) var isFull = false
  private var line = 0
  private var linesWithText = 0
  private var lineOfUser: [PostgresName: Int] = [:]

  init(source: ObjectKey) {
    self.source = source
  }

  mutating func read(_ bytes: ArraySlice<UInt8>) {
    line += 1
    guard let first = bytes.first(where: { !Self.isSpace($0) }), first != UInt8(ascii: "#") else { return }
    let place = Place(annotation: "\(source.name)/\(source.key)", line: line)
    linesWithText += 1
    guard linesWithText <= DeclarationReader.maximumEntries else {
      isFull = true
      problems.error(
        place, "more than \(DeclarationReader.maximumEntries) users", hint: "give some of them to another customer")
      return
    }
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else {
      problems.error(place, "the line has no colon; expected user:password", hint: "put the user's name before it")
      return
    }
    let user = user(bytes[..<colon], at: place)
    let password = password(bytes[(colon + 1)...], at: place)
    guard let user else { return }
    if let first = lineOfUser[user] {
      problems.error(place, "the user of this line stands on line \(first) already", hint: "remove one of the lines")
      return
    }
    lineOfUser[user] = line
    if let password { entries.append(FlatFile.Entry(user: user, password: password, line: line)) }
  }

  private mutating func user(_ bytes: ArraySlice<UInt8>, at place: Place) -> PostgresName? {
    guard !bytes.isEmpty else {
      problems.error(place, "the line has no user before its colon; expected user:password")
      return nil
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      problems.error(place, "the user's name is not UTF-8", hint: "save the file as UTF-8")
      return nil
    }
    guard let first = bytes.first, let last = bytes.last, !Self.isSpace(first), !Self.isSpace(last) else {
      problems.error(
        place, "the user's name begins or ends with a space",
        hint: "write user:password without any; a user with such a name is declared in \(AnnotationKey.users)")
      return nil
    }
    let name: PostgresName
    do throws(PostgresNameError) { name = try PostgresName(text) } catch {
      problems.error(place, "the user's name \(error.message)", hint: "choose another name")
      return nil
    }
    if let reason = name.reservedAsRole {
      problems.error(place, "no user can have this line's name: \(reason)", hint: "choose another name")
      return nil
    }
    guard Declaration.flatFileDatabase(of: name) != nil else {
      let most = PostgresName.maximumBytes - Declaration.flatFileSuffix.utf8.count
      problems.error(
        place,
        "the name of the database, <user>\(Declaration.flatFileSuffix), would be longer than "
          + "\(PostgresName.maximumBytes) bytes; expected a user's name of at most \(most) bytes",
        hint: "choose a shorter name")
      return nil
    }
    warn(of: name, at: place)
    return name
  }

  private mutating func warn(of name: PostgresName, at place: Place) {
    if name.isHBAKeyword {
      problems.warn(
        place, "the user's name is a keyword in pg_hba.conf", hint: "quote it there, or choose another name")
    }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

  private mutating func password(_ bytes: ArraySlice<UInt8>, at place: Place) -> Password? {
    guard !bytes.contains(UInt8(ascii: "\r")) else {
      problems.error(
        place, "the password holds a carriage return", hint: "let the lines end with a line feed, or with both")
      return nil
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      problems.error(place, "the password \(PasswordError.notUTF8.message)", hint: "save the file as UTF-8")
      return nil
    }
    do throws(PasswordError) { return try Password(text) } catch {
      problems.error(place, "the password \(error.message)", hint: "write the password after the colon")
      return nil
    }
  }
}
