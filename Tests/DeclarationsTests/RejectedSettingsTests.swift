import DatabaseSpec
import Declarations
import Testing

/// What is refused in annotations that hold one word, in the label, and in YAML as such.
struct RejectedSettingsTests {
  static let settings: [Refusal] = [
    Refusal(["user": "x"], #"postern.io/user: unknown annotation; did you mean "postern.io/users"?"#),
    Refusal(
      ["tables": "x"],
      "postern.io/tables: unknown annotation; expected one of postern.io/databases, postern.io/users, "
        + "postern.io/users-from, postern.io/removed-users, postern.io/password-change, postern.io/admin-secret, "
        + "postern.io/container, postern.io/port, postern.io/host, postern.io/service, postern.io/inject, postern.io/gate-readiness, "
        + "postern.io/status-port, postern.io/retain, postern.io/flavor, postern.io/sidecar-cpu, postern.io/sidecar-memory, "
        + "postern.io/sslmode, postern.io/ssl-root-cert, postern.io/replication, postern.io/connections"),
    Refusal(
      ["customer": "x"],
      "postern.io/customer: the customer is a label, not an annotation; move it to metadata.labels"),
    Refusal(
      ["removed-users": "drp"], #"postern.io/removed-users: "drp" is not one of lock, drop, keep; did you mean "drop"?"#
    ),
    Refusal(["removed-users": "delete"], #"postern.io/removed-users: "delete" is not one of lock, drop, keep"#),
    Refusal(
      ["password-change": "end"], #"postern.io/password-change: "end" is not one of keep-sessions, end-sessions"#),
    Refusal(["inject": "no"], #"postern.io/inject: "no" is neither true nor false; write true or false"#),
    Refusal(["inject": "True"], #"postern.io/inject: "True" is neither true nor false; write true or false"#),
    Refusal(
      ["gate-readiness": ""], #"postern.io/gate-readiness: "" is neither true nor false; write true or false"#),
    Refusal(["retain": "0"], #"postern.io/retain: "0" is neither true nor false; write true or false"#),
    Refusal(["port": "0"], #"postern.io/port: "0" is no port; expected a whole number from 1 to 65535"#),
    Refusal(["port": "65536"], #"postern.io/port: "65536" is no port; expected a whole number from 1 to 65535"#),
    Refusal(["port": "sql"], #"postern.io/port: "sql" is no port; expected a whole number from 1 to 65535"#),
    Refusal(
      ["host": "db:5432"],
      #"postern.io/host: "db:5432" is no host; expected a host name or an IP address; the port goes into postern.io/port"#
    ),
    Refusal(
      ["host": "fd00::1::2"],
      #"postern.io/host: "fd00::1::2" is no host; expected a host name or an IP address; the port goes into postern.io/port"#
    ),
    Refusal(
      ["host": "[fd00::1]"],
      #"postern.io/host: "[fd00::1]" is no host; expected a host name or an IP address; the port goes into postern.io/port"#
    ),
    Refusal(
      ["sidecar-cpu": "50mm"],
      #"postern.io/sidecar-cpu: "50mm" is no amount; expected an amount of CPU such as 50m"#),
    Refusal(["sidecar-cpu": "0"], #"postern.io/sidecar-cpu: "0" is too little; expected 1m or more"#),
    Refusal(
      ["sidecar-cpu": "-1"], #"postern.io/sidecar-cpu: "-1" is no amount; expected an amount of CPU such as 50m"#),
    Refusal(
      ["sidecar-memory": "32"],
      #"postern.io/sidecar-memory: "32" is too little for the sidecar; expected 8Mi or more"#),
    Refusal(
      ["sidecar-memory": "32MB"],
      #"postern.io/sidecar-memory: "32MB" is no amount; expected an amount of memory such as 32Mi"#),
    Refusal(
      ["sslmode": "verify"],
      #"postern.io/sslmode: "verify" is not one of disable, allow, prefer, require, verify-ca, verify-full"#),
    Refusal(
      ["sslmode": "require", "ssl-root-cert": "system"],
      "postern.io/ssl-root-cert: the system's authorities vouch for names alone; write verify-full into postern.io/sslmode, or name a file"
    ),
    Refusal(
      ["ssl-root-cert": "ca.crt"],
      #"postern.io/ssl-root-cert: "ca.crt" is no absolute path; expected where clients have the file, or system; mount the authority's certificate in the clients, and write its path"#
    ),
    Refusal(
      ["replication": "patroni"], #"postern.io/replication: "patroni" is not one of external"#),
    Refusal(
      ["host": "postgres://shop:hunter2@db:5432/x"],
      #"postern.io/host: this is no host; expected a host name or an IP address; write the host alone"#),
    Refusal(["host": "a..b"], #"postern.io/host: "a..b" is no host; expected a host name or an IP address"#),
    Refusal(
      ["admin-secret": " "],
      "postern.io/admin-secret: this is empty; expected the name of a Secret; write the value, or remove the annotation"
    ),
    Refusal(
      ["admin-secret": "Admin"],
      #"postern.io/admin-secret: this cannot be the name of a Secret; expected lower-case letters, digits, "-" and ".", beginning and ending with a letter or digit"#
    ),
    Refusal(
      ["container": "my.db"],
      #"postern.io/container: "my.db" cannot be the name of a container; expected lower-case letters, digits and "-", beginning and ending with a letter or digit"#
    ),
    Refusal(
      ["users-from": "logins"],
      #"postern.io/users-from: this does not name a key of a Secret; expected SECRET/KEY; write the Secret's name, a slash, and the key of the file"#
    ),
    Refusal(
      ["users-from": "Logins/a b"],
      #"postern.io/users-from: this cannot name a Secret before the slash; expected lower-case letters, digits, "-" and ".", beginning and ending with a letter or digit"#,
      #"postern.io/users-from: this cannot name a key of a Secret behind the slash; expected letters, digits, "-", "_" and ".""#
    ),
  ]

  @Test(arguments: settings) func refusesSettings(_ refusal: Refusal) {
    rejects(refusal.annotations, refusal.messages)
  }

  static let yaml: [Refusal] = [
    .users(
      "- name: [a",
      "postern.io/users (line 2, column 1): not valid YAML: while parsing a flow sequence, did not find expected ',' or ']'; close the bracket"
    ),
    .users(
      "- name: a\n   ensure: present",
      #"postern.io/users (line 2, column 10): not valid YAML: mapping values are not allowed in this context; quote a text that holds ": ", and check the indentation"#
    ),
    .users(
      "a\n---\nb",
      #"postern.io/users (line 2, column 1): more than one YAML document; expected one; remove the "---" line"#),
    .users(
      "- *x",
      #"postern.io/users (line 1, column 3): an alias that refers to nothing; quote a text that begins with "*""#),
    .users(
      "- name: a\n  name: b",
      #"postern.io/users[0].name (line 2, column 3): the key "name" comes more than once in a mapping; the first is at [0].name (line 1); keep one"#
    ),
    .users(
      "- name: a\n  !x name: b",
      #"postern.io/users[0].name (line 2, column 3): the key "name" comes more than once in a mapping; the first is at [0].name (line 1); keep one"#
    ),
    .users(
      #""shop", "analyst""#,
      #"postern.io/users (line 1, column 7): not valid YAML: did not find expected <document start>; indent each line as its neighbours, and let nothing follow a text in quotes or brackets: write several as - NAME, each on a line of its own"#
    ),
    .users(
      "{{ .Values.user }}",
      "postern.io/users (line 1, column 2): a key is a list or a mapping; expected a plain key; fill in a placeholder in {{ }} before"
    ),
    .users(
      "- ? [a]\n  : b", "postern.io/users[0] (line 1, column 5): a key is a list or a mapping; expected a plain key"),
    .users(
      String(repeating: "[", count: 40) + String(repeating: "]", count: 40),
      "postern.io/users" + String(repeating: "[0]", count: 32) + " (line 1, column 33): nested deeper than 32 levels"),
    .users(
      String(repeating: "[", count: 5000), "postern.io/users (line 1, column 201): nested deeper than 32 levels"),
    .users(
      "[" + String(repeating: "a,", count: 20_000) + "]",
      "postern.io/users: more than 20000 values, aliases expanded; put scripts into a ConfigMap, and write fewer aliases"
    ),
    .users(
      "- &a [" + String(repeating: "x,", count: 200) + "]\n- [" + String(repeating: "*a,", count: 200) + "]",
      "postern.io/users: more than 20000 values, aliases expanded; put scripts into a ConfigMap, and write fewer aliases"
    ),
    .users(
      laughs(asKey: false),
      "postern.io/users: more than 20000 values, aliases expanded; put scripts into a ConfigMap, and write fewer aliases"
    ),
    .users(
      laughs(asKey: true),
      "postern.io/users: more than 20000 values, aliases expanded; put scripts into a ConfigMap, and write fewer aliases"
    ),
    .users(
      "a\u{1}b",
      "postern.io/users (line 1, column 2): not valid YAML: control characters are not allowed; remove control characters, or write them as escapes in a double-quoted text"
    ),
  ]

  /// A small document whose aliases expand to 9^12 values.
  static func laughs(asKey: Bool) -> String {
    var text = "- &a0 [x]\n"
    for level in 1...12 {
      text += "- &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ",") + "]\n"
    }
    return text + (asKey ? "- ? *a12\n  : x\n" : "")
  }

  @Test(arguments: yaml) func refusesYAMLThatCannotBeLookedAt(_ refusal: Refusal) {
    rejects(refusal.annotations, refusal.messages)
  }

  @Test(arguments: ["", "Acme", "-acme", "acme-", "a.b", "a_b", String(repeating: "a", count: 41), "é"])
  func refusesACustomerThatIsNoDNSLabelOf40(_ customer: String) {
    let result = parse([:], customer: customer)
    #expect(result.declaration == nil)
    #expect(result.errors.map(\.field) == ["metadata.labels[postern.io/customer]"])
    #expect(
      result.errors.map(\.message) == [
        "postern.io/customer: \"\(customer)\" cannot be a customer's name; expected at most 40 lower-case letters, digits and \"-\", beginning and ending with a letter or digit"
      ])
  }

  @Test(arguments: ["a", "acme-2", "0", String(repeating: "a", count: 40)])
  func takesACustomerThatIsADNSLabel(_ customer: String) {
    #expect(parse([:], customer: customer).declaration?.spec.customer == customer)
  }

  @Test func allErrorsComeAtOnceByAnnotationAndLine() {
    rejects(
      ["users": "- {nam: a}\n- {name: postgres}", "databases": "template1", "port": "x"],
      [
        "postern.io/databases[0] (line 1, column 1): this database cannot be declared: \"template1\" is the server's own database; choose another name",
        "postern.io/databases[0] (line 1, column 1): \"template1\" has no owner, and 2 users are declared; write {name: \"template1\", owner: USER}, with one of \"a\", \"postgres\"",
        "postern.io/port: \"x\" is no port; expected a whole number from 1 to 65535",
        "postern.io/users[0].nam (line 1, column 4): unknown key \"nam\" in a user; did you mean \"name\"?",
        "postern.io/users[1].name (line 2, column 10): no user can be called \"postgres\": \"postgres\" is the server's superuser; choose another name",
      ])
  }

  @Test func aProblemNamesItsFieldAsKubernetesDoes() {
    let errors = parse(["users": "- a\n- b\n- {name: ''}"]).errors
    #expect(errors.map(\.field) == ["metadata.annotations[postern.io/users][2].name"])
  }

  /// The first keys of a mapping are compared one by one, and those of a large one are looked up.
  @Test(arguments: [2, 15, 16, 17, 18, 40], [0, 1, 14])
  func aKeyThatComesTwiceIsFoundInAMappingOfAnySize(_ keys: Int, _ repeated: Int) {
    let first = min(repeated, keys - 1)
    let lines = (Array(0..<keys) + [first]).map { "    d\($0): read\n" }.joined()
    rejects(
      ["users": "- grants:\n\(lines)  name: u"],
      [
        "postern.io/users[0].grants.d\(first) (line \(keys + 2), column 5): the key \"d\(first)\" comes more than once in "
          + "a mapping; the first is at [0].grants.d\(first) (line \(first + 2)); keep one"
      ])
  }
}
