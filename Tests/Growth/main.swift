import Admission
import Contract
import DatabaseSpec
import Declarations
import JSONBytes
import KubernetesAPI

// `growth SHAPE N…` reads a document of a shape for each N, which is N times as large as the smallest, and prints nothing.
// GrowthTests counts the instructions that each needs.

/// A document that grows.
struct Shape {
  let name: String
  let run: (Int) -> Void
}

/// Reads a value of `postern.io/users` or `postern.io/databases`.
func declaration(_ name: String, users: @escaping (Int) -> String) -> Shape {
  Shape(name: name) { count in
    _ = Declaration.parse(customer: "acme", annotations: [AnnotationKey.users: users(count)])
  }
}

func databases(_ name: String, _ text: @escaping (Int) -> String) -> Shape {
  Shape(name: name) { count in
    _ = Declaration.parse(
      customer: "acme", annotations: [AnnotationKey.users: "shop", AnnotationKey.databases: text(count)])
  }
}

/// Checks a script that is in a Secret, where nothing else is checked.
func script(_ name: String, _ text: @escaping (Int) -> String) -> Shape {
  Shape(name: name) { count in _ = scriptRefusals(text(count), isTransaction: true) }
}

/// Reads a Pod whose container has this in addition.
func pod(_ name: String, _ more: @escaping (Int) -> String) -> Shape {
  Shape(name: name) { count in
    let object = """
      {"apiVersion":"v1","kind":"Pod","metadata":{"name":"db","labels":{"\(AnnotationKey.customerLabel)":"acme"}},
       "spec":{"containers":[{"name":"db","image":"postgres:17"\(more(count))}]}}
      """
    let body = """
      {"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"1","operation":"CREATE",
       "namespace":"shop","kind":{"group":"","version":"v1","kind":"Pod"},"object":\(object)}}
      """
    _ = try? answer(Array(body.utf8), at: .mutate, settings: AdmissionSettings())
  }
}

func json(_ name: String, _ text: @escaping (Int) -> String) -> Shape {
  Shape(name: name) { count in _ = (try? JSONValue(parsing: Array(text(count).utf8)))?.bytes }
}

func flatFile(_ name: String, _ line: @escaping (Int) -> String) -> Shape {
  Shape(name: name) { count in
    _ = FlatFile.parse(Array(repeated(count, line).utf8), source: ObjectKey(name: "s", key: "k"))
  }
}

func repeated(_ count: Int, _ text: (Int) -> String) -> String {
  var result = ""
  for index in 0..<count { result += text(index) }
  return result
}

let shapes: [Shape] = [
  json("json-escapes") { #"""# + repeated($0) { _ in #"\"\n\u00e9"# } + #"""# },
  json("json-members") { "{" + repeated($0) { #""k\#($0)":1,"# } + #""z":0}"# },
  json("json-elements") { "[" + repeated($0) { _ in "{}," } + "0]" },
  json("json-same-member") { "{" + repeated($0) { _ in #""k":1,"# } + #""z":0}"# },
  declaration("users-words") { repeated($0) { "u\($0) " } },
  declaration("users-same-word") { repeated($0) { _ in "u, " } },
  declaration("users-list") { repeated($0) { "- u\($0)\n" } },
  declaration("users-mappings") { repeated($0) { "- {name: u\($0), connectionLimit: 5}\n" } },
  declaration("users-errors") { repeated($0) { "- {nam: pg_\($0)}\n" } },
  declaration("users-grants") { "- name: a\n  grants: {" + repeated($0) { "d\($0): read," } + "}" },
  declaration("users-members-of-each-other") { repeated($0) { "- {name: u\($0), memberOf: [u\($0 + 1), u0]}\n" } },
  declaration("users-aliases") { "- &a a\n" + repeated($0) { _ in "- *a\n" } },
  declaration("users-deep") { repeated($0) { _ in "- [[[[a]]]]\n" } },
  declaration("users-tag-directives") { repeated($0) { "%TAG !a\($0)! tag:x\n" } + "---\n- a\n" },
  declaration("users-quotes") { repeated($0) { _ in "\"\" " } },
  declaration("users-long-key") { "- {" + repeated($0) { _ in "keykeykey" } + ": [1,2,3,4,5,6,7,8]}" },
  databases("databases-schemas") { count in
    "- name: a\n  schemas: [" + repeated(count) { "s\($0)," } + "]\n  extensions: ["
      + repeated(count) { "{name: e\($0), schema: t\($0)}," } + "]"
  },
  databases("databases-list") { repeated($0) { "- {name: d\($0), owner: shop}\n" } },
  databases("databases-scripts") { "- name: a\n  scripts:\n" + repeated($0) { "  - {name: s\($0), sql: SELECT 1}\n" } },
  declaration("users-broken") { repeated($0) { "- {name: u\($0), name: x}\n" } },
  declaration("users-unknown-keys") { repeated($0) { "- {nam: u\($0), memberOf: [v\($0)]}\n" } },
  databases("databases-no-owner") { repeated($0) { "- {name: d\($0), owner: x\($0)}\n" } },
  databases("databases-block") {
    "- name: a\n  scripts:\n  - name: s\n    sql: |\n" + repeated($0) { _ in "      a, b: [\n" }
  },
  script("sql-short-statements") { repeated($0) { _ in "a;" } },
  script("sql-statements") { repeated($0) { "INSERT INTO t VALUES (\($0), 'ü');\n" } },
  script("sql-refused") { repeated($0) { _ in "DROP ROLE x;\n" } },
  script("sql-late-error") { repeated($0) { _ in "SELECT 1;\n" } + "SELEC" },
  script("sql-one-statement") { "SELECT 1" + repeated($0) { _ in " , 1" } },
  script("sql-comments") { repeated($0) { _ in "-- a\n/* b */ " } },
  script("sql-dollars") { repeated($0) { _ in "$a" } },
  script("sql-nested") { "SELECT " + repeated($0) { _ in "(" } + "1" + repeated($0) { _ in ")" } },
  script("sql-open") { "SELECT " + repeated(20 * $0) { _ in "(" } },
  script("sql-errors") { repeated($0) { _ in "SELEC 1;\n" } },
  script("sql-psql") { repeated($0) { _ in "\\restrict a\n" } },
  script("sql-copies") { repeated($0) { _ in "COPY t FROM stdin;\n" } },
  script("sql-escapes") { "SELECT " + repeated($0) { _ in #"E'\'' "# } },
  script("sql-literals-in-parts") { "SELECT E'a'" + repeated($0) { _ in "\n'b'" } },
  script("sql-no-more-parts") { repeated($0) { _ in "SELECT E'a' -- b\n-- c\n;" } },
  script("sql-dollars-without-end") { "SELECT $tag$" + repeated($0) { _ in "$tag " } },
  script("sql-long-tag") { "SELECT $" + repeated($0) { _ in "a" } + "$" + repeated($0) { _ in "$a" } },
  script("sql-bodies") { repeated($0) { "CREATE FUNCTION f\($0)() RETURNS int BEGIN ATOMIC SELECT 1; END;" } },
  script("sql-carriage-returns") { repeated($0) { _ in "-- a\rSELECT 1;\r" } },
  script("sql-quoted-names") { "SELECT 1" + repeated($0) { #", 1 AS "a""\#($0)""# } },
  script("sql-rollbacks") { repeated($0) { _ in "rollback to a;" } },
  pod("pod-variables") {
    #","env":["# + repeated($0) { #"{"name":"POSTGRES_\#($0)","value":"$(POSTGRES_DB)"},"# } + "{}]"
  },
  pod("pod-references") { #","env":[{"name":"POSTGRES_USER","value":"\#(repeated($0 * 20) { _ in "$(" })"}]"# },
  pod("pod-arguments") { #","args":["-c","port=\#(repeated($0 * 20) { _ in "$(" })"]"# },
  pod("pod-arguments-of-variables") {
    #","env":["# + repeated($0) { #"{"name":"PG\#($0 + 1)","value":"$(PG\#($0))$(PG\#($0))"},"# } + #"{}],"args":["#
      + repeated($0) { #""$(PG\#($0))","# } + #"""]"#
  },
  pod("pod-sources") { #","envFrom":["# + repeated($0) { #"{"secretRef":{"name":"s\#($0)"}},"# } + "{}]" },
  pod("pod-mounts") {
    #","env":[{"name":"POSTGRES_PASSWORD_FILE","value":"/a/b"}],"volumeMounts":["#
      + repeated($0) { #"{"name":"m","mountPath":"/a/\#($0)"},"# } + "{}]"
  },
  pod("pod-ports") { #","ports":["# + repeated($0) { #"{"containerPort":\#($0 + 1)},"# } + "{}]" },
  pod("pod-containers") { "}," + repeated($0) { #"{"name":"c\#($0)","image":"i"},"# } + #"{"name":"postern""# },
  Shape(name: "pod-scripts") { count in
    // What nobody writes.
    let parts = [
      "$(", "x$(", "\"x$(", "patroni;", "pg_ctl start;", "`", "'x'", "(", "<<A\n", "$(a)", "\"$(", "${", "eval ",
      "exec ", "$@ ",
      "\\",
    ]
    for part in parts {
      let script = JSONValue.string(repeated(count * 20) { _ in part }).bytes
      pod("") { _ in #","command":["sh","-c",\#(String(decoding: script, as: UTF8.self)),"a","b"]"# }.run(0)
    }
  },
  flatFile("flat-file-lines") { "u\($0):p\n" },
  flatFile("flat-file-errors") { _ in "hunter2\n" },
  flatFile("flat-file-same-line") { _ in "u:p\n" },
]

/// Apart, so that Valgrind can count its instructions alone.
@inline(never) func measured(_ shape: Shape, _ count: Int) { shape.run(count) }

let arguments = CommandLine.arguments.dropFirst()
if let name = arguments.first {
  for shape in shapes where shape.name == name {
    arguments.dropFirst().compactMap { Int($0) }.forEach { measured(shape, $0) }
  }
} else {
  for shape in shapes { print(shape.name) }
}
