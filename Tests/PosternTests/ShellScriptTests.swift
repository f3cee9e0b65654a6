import Testing

@testable import postern

/// Which commands of a shell script make users and databases, and in which database psql runs what it is given.
@Suite struct ShellScriptTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// What is sent, each as `DATABASE: SQL`, without the database where it does not matter.
    let sent: [String]
    /// The lines that do something else, or something that cannot be read for sure.
    let others: [Int]

    init(_ script: String, _ sent: [String] = [], others: [Int] = []) {
      (testDescription, self.sent, self.others) = (script, sent, others)
    }
  }

  private static let variables = [
    "APP_USER": "app", "APP_DB": "appdb", "POSTGRES_USER": "root", "POSTGRES_DB": "main", "TWO": "a b", "COMMAS": "a,b",
    "EMPTY": "", "/lists/dbs": "a\nb\n",
    "SECRET": ScriptVariable.mark("SECRET"),
  ]
  private static let shop = #"CREATE USER "shop""#
  private static let orders = #"CREATE DATABASE "orders""#
  private static let owned = #"CREATE DATABASE "orders" OWNER "shop""#

  /// Where a command ends, and what of a line is not of it.
  static let grammar = [
    Case("createuser -U postgres shop || true\ncreatedb -U postgres -O shop orders || true", [shop, owned]),
    Case("createuser -U postgres shop; createdb -O shop orders", [shop, owned]),
    Case("createuser shop && createdb -O shop orders && echo done", [shop, owned]),
    Case("createuser shop &\nwait", [shop]),
    Case(
      "psql -v = -c 'SELECT 1'; psql -v '' -c 'SELECT 1'", ["postgres: SELECT 1", "postgres: SELECT 1"], others: [1]),
    Case("createuser shop 2>/dev/null\ncreatedb --owner shop orders > /dev/null 2>&1", [shop, owned]),
    Case("createuser shop &>/dev/null; createdb -O shop orders >&2 </dev/null", [shop, owned]),
    Case(">/dev/null createuser shop", [shop]),
    Case("createuser shop 2>&1 | grep -v exists", [shop]),
    Case("createuser \\\n  -U postgres \\\n  shop # the shop's", [shop]),
    Case("createuser 'shop'; createuser \"shop\"; createuser s\\hop", [shop, shop, shop]),
    Case("createuser sh\"o\"'p'", [shop]),
    Case("createuser a#b", [#"CREATE USER "a#b""#]),
    Case("(createuser shop); { createdb -O shop orders; }", [shop, owned]),
    Case("if createuser shop; then createdb -O shop orders; fi", [shop, owned], others: [1]),
    Case("if true\nthen\n  createuser shop\nelse\n  echo no\nfi", [shop], others: [1]),
    Case("! createuser shop", [shop]),
    Case("time createuser shop", [shop]),
    Case("psql -tc 'SELECT 1' | grep -q 1 || createdb orders", ["postgres: SELECT 1", orders], others: [1]),
    Case("while ! pg_isready; do sleep 1; done", others: [1]),
    Case("for u in createuser shop; do\n  createuser \"$u\"\ndone", [#"CREATE USER "createuser""#, shop]),
    Case(
      "case $X in\n  createuser) createuser shop ;;\n  a | b) echo b ;;\nesac\ncreatedb orders", [shop, orders],
      others: [1]),
    Case("make() {\n  createuser shop\n}", [shop], others: [1]),
    Case("function make {\n  createuser shop\n}\nmake", [shop]),
    Case("[[ $X > createuser && a < b ]] && createuser shop", [shop], others: [1]),
    Case("[ -n \"$X\" ] && createuser shop", [shop], others: [1]),
    Case("[ -n \"$X\" ] || exit 1"),
    Case("LIST=(a 'b c')\ncreatedb orders; createdb $LIST", [orders, #"CREATE DATABASE "a""#]),
    Case("if [ \"$(psql -tAc \"SELECT 1\")\" = 1 ]; then :; fi", others: [1]),
    Case("X=$(createuser shop)\nY=`createdb orders`\nZ=\"$(createdb orders)\"", others: [1, 2, 3]),
    Case("X=$(echo \"a)b\" | tr a b); createuser shop", [shop]),
    Case("diff <(createuser a) b", others: [1]),
    Case("echo createuser shop; echo 'createdb orders'"),
    Case("echo 'host all all all md5' >> pg_hba.conf\necho x > /dev/null\necho x >&2", others: [1]),
    Case("echo x | tee -a pg_hba.conf", others: [1]),
    Case("command -v psql >/dev/null || exit 1"),
    Case("set -e; export PGPASSWORD=x\nshopt -s extglob\ntrap 'exit 1' ERR"),
    Case("cp a b\ncreateuser shop\n./more.sh", [shop], others: [1, 3]),
    Case("createuser 'shop\ncreateuser never", others: [1]),
    Case("createuser \"shop\ncreateuser never", others: [1]),
  ]

  /// The options of `createuser` and `createdb`, with their values, in each form.
  static let programs = [
    Case("createuser shop -U postgres\ncreatedb orders -O shop", [shop, owned]),
    Case("createuser -Upostgres -h localhost -p5432 -w -e shop", [shop]),
    Case("createuser --username postgres --host=localhost shop", [shop]),
    Case("createuser --user postgres shop", [shop]),
    Case("createuser -- -shop", [#"CREATE USER "-shop""#]),
    Case("/usr/bin/createdb --owner=shop orders", [owned]),
    Case("createuser -s shop", [#"CREATE USER "shop" SUPERUSER"#]),
    Case("createuser -d -r -l big", [#"CREATE USER "big" CREATEDB CREATEROLE LOGIN"#]),
    Case("createuser -dr big", [#"CREATE USER "big" CREATEDB CREATEROLE"#]),
    Case("createuser -SDRL big", [#"CREATE USER "big" NOSUPERUSER NOCREATEDB NOCREATEROLE NOLOGIN"#]),
    Case(
      "createuser --replication --bypassrls --no-inherit --connection-limit=5 -P big",
      [#"CREATE USER "big" REPLICATION BYPASSRLS NOINHERIT CONNECTION LIMIT 5 PASSWORD ''"#]),
    Case(
      "createuser -c 5 -g readers --member-of=b -v 2030-01-01 shop",
      [#"CREATE USER "shop" CONNECTION LIMIT 5 IN ROLE "readers" IN ROLE "b" VALID UNTIL '2030-01-01'"#]),
    Case("createuser -m a -a b shop", [#"CREATE USER "shop" ROLE "a" ADMIN "b""#]),
    Case("createuser -c many shop", [shop], others: [1]),
    Case("createuser --interactive shop\ncreateuser --unknown shop\ncreateuser\ncreateuser a b", others: [1, 2, 3, 4]),
    Case(
      "createdb -E LATIN1 -l de_DE -T template0 -O shop orders 'the orders of shop'",
      [#"CREATE DATABASE "orders" ENCODING 'LATIN1' LOCALE 'de_DE' TEMPLATE "template0" OWNER "shop""#], others: [1]),
    Case(
      "createdb --lc-collate=C --lc-ctype C -D fast -S file_copy --maintenance-db x orders",
      [#"CREATE DATABASE "orders" LC_COLLATE 'C' LC_CTYPE 'C' TABLESPACE "fast" STRATEGY 'file_copy'"#]),
    Case(
      "createdb --locale-provider icu --icu-locale de --icu-rules '&a' --builtin-locale C orders",
      [#"CREATE DATABASE "orders" LOCALE_PROVIDER 'icu' ICU_LOCALE 'de' ICU_RULES '&a' BUILTIN_LOCALE 'C'"#]),
    Case("createdb", others: [1]),
    Case("createdb -O", others: [1]),
    Case("createdb postgresql://a:hunter2@h/db", others: [1]),
    Case(#"createuser 'we"ird'"#, [#"CREATE USER "we""ird""#]),
    Case("dropdb --if-exists orders; dropuser shop", others: [1]),
  ]

  /// What stands before a program, and what runs a text of its own.
  static let prefixes = [
    Case("PGUSER=postgres createdb orders -O shop", [owned]),
    Case("A=b C='d e' createuser shop", [shop]),
    Case(
      "sudo -u postgres createdb orders\nsudo createdb orders\nsudo -E -u postgres -- createdb orders",
      [orders, orders, orders]),
    Case("gosu postgres createdb orders; su-exec postgres createdb orders", [orders, orders]),
    Case("exec createdb orders", [orders]),
    Case("env -u A PGUSER=x createdb orders\nenv -i A=b createdb orders", [orders, orders]),
    Case("timeout -k 1 30 createdb orders; nohup createdb orders", [orders, orders]),
    Case("su postgres -c 'createuser shop; createdb -O shop orders'", [shop, owned]),
    Case("su - postgres -c \"createuser $APP_USER\"", [#"CREATE USER "app""#]),
    Case("runuser -u postgres -- createdb orders; runuser -l postgres -c 'createdb orders'", [orders, orders]),
    Case("bash -c 'createdb orders'\nsh -ec \"psql -c \\\"CREATE USER a\\\"\"", [orders, "postgres: CREATE USER a"]),
    Case("su -c 'psql -c \"CREATE EXTENSION a\"' shop", ["shop: CREATE EXTENSION a"]),
    Case("sudo -u shop psql -c x", ["shop: x"]),
    Case("bash more.sh\nxargs createuser < users\neval createuser shop", others: [1, 2, 3]),
  ]

  /// Names that variables stand for.
  static let names = [
    Case(
      "createuser \"$APP_USER\"; createdb -O \"$APP_USER\" \"$APP_DB\"",
      [#"CREATE USER "app""#, #"CREATE DATABASE "appdb" OWNER "app""#]),
    Case("createuser $APP_USER; createuser ${APP_USER}_ro", [#"CREATE USER "app""#, #"CREATE USER "app_ro""#]),
    Case(
      "createuser $X\ncreateuser \"$1\"\ncreateuser \"$@\"",
      [#"CREATE USER "$X""#, #"CREATE USER "$1""#, #"CREATE USER "$@""#]),
    Case("createuser $TWO\ncreateuser {a,b}\ncreateuser u*", others: [1, 2, 3]),
    Case("createuser \"$TWO\"", [#"CREATE USER "a b""#]),
    Case("createuser $EMPTY shop", [shop]),
    Case("createdb $OPTIONS orders\ncreatedb orders $OPTIONS", others: [1, 2]),
    Case("createdb -O $X orders", [#"CREATE DATABASE "orders" OWNER "$X""#]),
    Case(
      "createuser \"${APP_USER%p}\"\ncreateuser \"${APP_USER^^}\"\ncreateuser ${#APP_USER}\ncreateuser ${!APP_USER}",
      [#"CREATE USER "$APP_USER""#, #"CREATE USER "$APP_USER""#, #"CREATE USER "$…""#, #"CREATE USER "$app""#]),
    Case(
      "N=APP_USER; createuser ${!N}; N2=SECRET; createuser ${!N2}", [#"CREATE USER "app""#, #"CREATE USER "$SECRET""#]),
    Case("createuser ${!APP*}; createuser \"${!LIST[@]}\"", [#"CREATE USER "$…""#, #"CREATE USER "$…""#]),
    Case(
      ": \"${OWNER:=shop}\" ${DB:=or${REST:=ders}} ${APP_USER:=x} ${LATER:=$SECRET}\ncreatedb -O $OWNER $DB\ncreateuser $APP_USER; createuser $LATER",
      [owned, #"CREATE USER "app""#, #"CREATE USER "$LATER""#]),
    Case(
      "createuser ${X:-shop}; createuser ${X-shop}; createuser ${X:=shop}; createuser ${APP_USER:-no}",
      [shop, shop, shop, #"CREATE USER "app""#]),
    Case("createuser ${SECRET:-shop}", [#"CREATE USER "$SECRET""#]),
    Case("createuser ${APP_USER:+shop}", [#"CREATE USER "$APP_USER""#]),
    Case("DB=orders\ncreatedb $DB", [orders]),
    Case("export DB=orders OWNER=shop\nNAME=$DB\ncreatedb -O \"$OWNER\" $NAME", [owned]),
    Case("APP_DB=other\ncreatedb $APP_DB", [#"CREATE DATABASE "$APP_DB""#]),
    Case("APP_DB=${APP_DB:-other}\ncreatedb $APP_DB", [#"CREATE DATABASE "appdb""#]),
    Case("DB=a\nDB=b\ncreatedb $DB", [#"CREATE DATABASE "$DB""#]),
    Case("DB=a\nDB+=b\ncreatedb $DB", [#"CREATE DATABASE "$DB""#]),
    Case("read -r APP_DB\ncreatedb $APP_DB", [#"CREATE DATABASE "$APP_DB""#]),
    Case("make() { local APP_DB=$1; createdb $APP_DB; }", [#"CREATE DATABASE "$APP_DB""#], others: [1]),
    Case("for APP_DB in $LATER; do createdb $APP_DB; done", [#"CREATE DATABASE "$APP_DB""#], others: [1]),
    Case("unset APP_DB; createdb ${APP_DB:-orders}", [#"CREATE DATABASE "$APP_DB""#]),
    Case("PW=hunter2\ncreateuser $PW", [#"CREATE USER "$PW""#]),
    Case("APP_DB=x psql -c \"$APP_DB\"", ["postgres: appdb"]),
  ]

  /// Loops over values that are known, and functions that are called, are read once for each.
  static let repeated = [
    Case("for APP_DB in a b; do createdb $APP_DB; done", [a, b]),
    Case("for db in $TWO; do\n  createdb $db\ndone", [a, b]),
    Case("for db in \"$TWO\"; do createdb \"$db\"; done", [#"CREATE DATABASE "a b""#]),
    Case("for db in $COMMAS; do createdb $db; done", [#"CREATE DATABASE "a,b""#]),
    Case("IFS=','\nfor db in $COMMAS; do createdb $db; done", [a, b]),
    Case("for db in $(echo $COMMAS | tr ',' ' '); do createdb $db; done", [a, b]),
    Case("for db in `echo \"$COMMAS\" | tr \",\" \"\\n\"`; do createdb $db; done", [a, b]),
    Case("for db in $(echo $COMMAS | sed 's/,/ /g'); do createdb $db; done", [a, b]),
    Case("for db in $(printf '%s' \"$COMMAS\" | tr ',' ' '); do createdb $db; done", [a, b]),
    Case("for db in ${COMMAS//,/ }; do createdb $db; done", [a, b]),
    Case("LIST=(a b)\nfor db in \"${LIST[@]}\"; do createdb \"$db\"; done", [a, b]),
    Case("LIST=(\n  a\n  'b'\n)\nfor db in ${LIST[*]}; do createdb $db; done", [a, b]),
    Case("IFS=',' read -ra LIST <<< \"$COMMAS\"\nfor db in \"${LIST[@]}\"; do createdb $db; done", [a, b]),
    Case(
      "for pair in a:x b:y; do\n  IFS=: read -r db user <<< \"$pair\"\n  createdb -O $user $db\ndone",
      [#"CREATE DATABASE "a" OWNER "x""#, #"CREATE DATABASE "b" OWNER "y""#]),
    Case(
      "for pair in a:x b:y; do createdb -O \"${pair##*:}\" \"${pair%%:*}\"; done",
      [#"CREATE DATABASE "a" OWNER "x""#, #"CREATE DATABASE "b" OWNER "y""#]),
    Case(
      "for pair in a:x; do createdb -O $(echo $pair | cut -d: -f2) $(echo $pair | cut -d ':' -f 1); done",
      [#"CREATE DATABASE "a" OWNER "x""#]),
    Case("for db in a \" b \"; do db=$(echo \"$db\" | xargs); createdb $db; done", [a, b]),
    Case(
      "make() {\n  local db=$1\n  createdb -O \"${2:-shop}\" $db\n}\nmake orders\nmake a x",
      [owned, #"CREATE DATABASE "a" OWNER "x""#]),
    Case(
      "function make() { psql -d \"$1\" <<EOSQL\nCREATE SCHEMA $2;\nEOSQL\n}\nfor db in a b; do make $db s; done",
      ["a: CREATE SCHEMA s;\n", "b: CREATE SCHEMA s;\n"]),
    Case("make() { createdb $1; }\nboth() { make a; make b; }\nboth", [a, b]),
    Case("if [ -n \"$COMMAS\" ]; then\n  for db in a b; do createdb $db; done\nfi", [a, b], others: [1]),
    Case(
      "for x in a b; do for y in c; do createdb $x$y; done; done", [#"CREATE DATABASE "ac""#, #"CREATE DATABASE "bc""#]),
    Case("for x in $LATER; do for y in a b; do createdb $y; done; done", [a, b], others: [1]),
    Case("for db in a b; do createdb $db || true; vacuumdb $db; done", [a, b], others: [1]),
    Case(
      "make() {\n  local db=$(echo $1 | awk '{print $1}') o=$(echo $1 | awk -F: '{ print $2 }')\n  createdb -O $o $db\n}\nmake a:x",
      [#"CREATE DATABASE "a:x" OWNER "x""#]),
    Case(
      "make() {\n  local db=$(echo $1 | tr ':' ' ' | awk  '{print $1}')\n  createdb $db\n}\nfor d in a:x b:y; do make $d; done",
      [a, b]),
    Case("make() {\n  local db=\"${!1}\"\n  createdb $db\n}\nmake APP_DB", [#"CREATE DATABASE "appdb""#]),
    Case("make() { make; }\nmake", others: [1]),
    Case("for db in $SECRET; do createdb $db; done", [#"CREATE DATABASE "$db""#], others: [1]),
    Case("for db in a*; do createdb $db; done", [#"CREATE DATABASE "$db""#], others: [1]),
    Case("for db in $(ls /x); do createdb $db; done", [#"CREATE DATABASE "$db""#], others: [1]),
    Case("for db; do createdb $db; done", [#"CREATE DATABASE "$db""#], others: [1]),
    Case("while read db; do createdb $db; done", [#"CREATE DATABASE "$db""#], others: [1]),
    Case(
      "while IFS=: read -r db o; do\n  createdb -O $o $db\ndone <<EOF\na:x\nb:y\nEOF\ncreateuser shop",
      [
        #"CREATE DATABASE "a" OWNER "x""#, #"CREATE DATABASE "b" OWNER "y""#, shop,
      ]),
    Case("echo \"$COMMAS\" | tr ',' '\\n' | while read -r db; do createdb $db; done", [a, b]),
    Case("while read db; do createdb $db; done <<< \"a\"; createdb b", [a, b]),
    Case("while read db; do createdb $db; done < /lists/dbs", [a, b]),
    Case("while read db; do createdb $db; done < /lists/x", [#"CREATE DATABASE "$db""#], others: [1]),
    Case("while read db; do createdb $db; done <<EOF\n# a\nb\nEOF", [#"CREATE DATABASE "$db""#], others: [1]),
    Case("while read db; do createdb $db; done <<EOF\na b c\nEOF", [#"CREATE DATABASE "$db""#], others: [1]),
    Case("while read -d , db; do createdb $db; done <<EOF\na\nEOF", [#"CREATE DATABASE "$db""#], others: [1]),
    Case("while read db && true; do createdb $db; done <<EOF\na\nEOF", [#"CREATE DATABASE "$db""#], others: [1]),
    Case("while true; do createdb a; done <<EOF\nx\nEOF", [a], others: [1]),
    Case("make $SECRET\nmake() { createdb $1; }", [#"CREATE DATABASE "$SECRET""#]),
    Case("createdb ${variables.x}", [#"CREATE DATABASE "$variables.x""#]),
  ]
  private static let (a, b) = (#"CREATE DATABASE "a""#, #"CREATE DATABASE "b""#)

  /// psql: what it is given, and the database in which that runs.
  static let psql = [
    Case(
      "psql -d a -c 'CREATE EXTENSION hstore'; psql -d b -c 'CREATE EXTENSION citext'",
      ["a: CREATE EXTENSION hstore", "b: CREATE EXTENSION citext"]),
    Case("psql -d a -c x && psql -d b -c y || psql -c z", ["a: x", "b: y", "postgres: z"], others: [1]),
    Case("psql a -c x -c y", ["a: x", "a: y"]),
    Case("psql -Xqtd a -cx", ["a: x"]),
    Case("psql -U shop -c x; psql --username=\"$POSTGRES_USER\" -c x", ["shop: x", "root: x"]),
    Case("psql a shop -c x", ["a: x"]),
    Case("psql -d a shop -c x", ["a: x"]),
    Case("PGDATABASE=a psql -c x\nPGUSER=b psql -c x", ["a: x", "b: x"]),
    Case("export PGUSER=b\npsql -c x\npsql -d a -c x", ["b: x", "a: x"]),
    Case("psql \"$UNKNOWN\" -c x", ["$UNKNOWN: x"]),
    Case("psql -d a <<EOF\nx\nEOF\npsql -d b <<-'EOF'\n\t$y\n\tEOF", ["a: x\n", "b: $y\n"]),
    Case("psql -d a <<EOF && psql -d b <<EOF2\nx\nEOF\ny\nEOF2", ["a: x\n", "b: y\n"]),
    Case("psql -d a 2>&1 <<EOF | grep -v NOTICE\nx\nEOF", ["a: x\n"]),
    Case("cat <<EOF | psql a\nx\nEOF", ["a: x\n"]),
    Case("echo \"CREATE USER $APP_USER\" | psql -d a\necho x |\n  psql", ["a: CREATE USER app\n", "postgres: x\n"]),
    Case("echo -e 'a\\nb' | psql\ncat a.sql | psql\ngenerate | psql", others: [1, 2, 3]),
    Case("psql <<< \"x y\"", ["postgres: x y\n"]),
    Case("psql -f - <<EOF\nx\nEOF", ["postgres: x\n"]),
    Case("psql -c x <<EOF\ny\nEOF", ["postgres: x"], others: [1]),
    Case("psql -f a.sql\npsql < a.sql\npsql\npsql -c x -f a.sql", ["postgres: x"], others: [1, 2, 3, 4]),
    Case("psql -l | grep a\npsql --unknown -c x", others: [2]),
    Case("cat > a.sql <<EOF\nx\nEOF\ncat <<EOF\ny\nEOF", others: [1]),
    Case("{ echo a; echo b; } | psql", others: [1]),
  ]

  @Test(arguments: grammar + programs + prefixes + names + repeated + psql)
  func aScriptIsReadAsAShellReadsIt(_ example: Case) {
    let shell = ShellScript(example.testDescription, Self.variables)
    let sent = shell.pieces.flatMap { piece in
      piece.texts.map { text in
        (piece.database.map { "\(Self.shown($0)): " } ?? "") + Self.shown(text.sql)
      }
    }
    #expect(sent == example.sent)
    #expect(shell.others == example.others)
  }

  /// What loops and functions send stands where the script has it, however they are nested.
  @Test func eachLineIsTheScripts() {
    let script = """
      make() {
        createdb $1
        cp $1 x
      }
      if true; then
        for db in a b; do
          make $db
          sh -c '
            createuser x'
        done
      fi
      both() { make c; }
      both
      """
    let shell = ShellScript(script, [:])
    #expect(shell.pieces.flatMap { $0.texts.map(\.line) } == [2, 9, 2, 9, 2])
    #expect(shell.others == [3, 5])
  }

  /// Unknown variables as they are written.
  private static func shown(_ text: String) -> String {
    String(text.flatMap { $0 == "\u{E000}" ? "$" : $0 == "\u{E001}" ? "" : String($0) })
  }

  @Test func eachTextHasItsLine() {
    let script =
      "createuser a\npsql \\\n  -c 'x' \\\n  -c 'y\nz'; createdb b\npsql <<EOF\nq\nEOF\nsu a -c '\n\ncreatedb c'"
    let lines = ShellScript(script, [:]).pieces.flatMap { $0.texts.map(\.line) }
    #expect(lines == [1, 3, 4, 5, 7, 11])
  }
}
