extension MigrateTests {
  private static let ranOnce = "ran once, as superuser, on an empty data folder"

  /// Scripts of a ConfigMap `init` that is the folder's, and the container's variables.
  private static func scripts(
    _ description: String, _ files: [(name: String, text: String)], env: [String: String] = [:],
    secrets: [String: String] = [:], ranOnce: String? = Self.ranOnce,
    mount: String = "{name: init, mountPath: /docker-entrypoint-initdb.d/}",
    volume: String = "{name: init, configMap: {name: init}}", more: [(name: String, text: String)] = [],
    image: String = "postgres:17", users: String = "[]",
    databases: String = "[]", remarks: [String] = []
  ) -> Case {
    func indented(_ text: String) -> String {
      text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : "    \($0)" }.joined(
        separator: "\n")
    }
    let data = (files + more).map { "  \($0.name): |\n\(indented($0.text))\n" }.joined()
    let variables =
      env.sorted { $0.key < $1.key }.map { "{name: \($0.key), value: \"\($0.value)\"}" }
      + secrets.sorted { $0.key < $1.key }.map {
        "{name: \($0.key), valueFrom: {secretKeyRef: {name: \($0.value), key: password}}}"
      }
    return Case(
      testDescription: description,
      manifest: """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: init}
        data:
        \(data)
        ---
        \(statefulSet(
          "name: postgres, image: \"\(image)\", env: [\(variables.joined(separator: ", "))], volumeMounts: [\(mount)]",
          volumes: volume))
        """, users: users, databases: databases, remarks: remarks + [ranOnce].compactMap(\.self))
  }

  private static func inApp(_ user: String) -> String {
    "- name: \(user)\n  passwordFrom:\n    secret: app\n    key: \(user)\n"
  }

  static let scripts = [
    scripts(
      "passwords and names of mounted files",
      [
        (
          "01.sh",
          #"""
          PW=$(cat /run/secrets/app/shop)
          export CRM_PASSWORD="$(< "$CRM_PASSWORD_FILE")"
          WEB_PASSWORD_FILE=/run/secrets/app/web
          psql -v apipw="`cat /run/secrets/app/api | tr -d '\n'`" <<EOSQL
          CREATE USER shop PASSWORD '$PW';
          CREATE USER crm PASSWORD '$CRM_PASSWORD';
          CREATE USER web PASSWORD '$(cat "$WEB_PASSWORD_FILE")';
          CREATE USER api PASSWORD :'apipw';
          CREATE USER lost PASSWORD '$(cat /run/nowhere)';
          CREATE USER changed PASSWORD '$(cat /run/secrets/app/shop | tr a b)';
          CREATE USER $(cat /run/secrets/app/name);
          CREATE DATABASE $(cat /run/secrets/db) OWNER shop;
          EOSQL
          """#
        ),
        ("02.sql", "\\set pw `cat /run/secrets/app/two`\nCREATE USER two PASSWORD :'pw';"),
      ], env: ["CRM_PASSWORD_FILE": "/run/secrets/app/crm"],
      mount: """
        {name: init, mountPath: /docker-entrypoint-initdb.d/}, {name: app, mountPath: /run/secrets/app},
        {name: init, mountPath: /run/secrets/db, subPath: db.txt}
        """, volume: "{name: init, configMap: {name: init}}, {name: app, secret: {secretName: app}}",
      more: [("db.txt", "orders")],
      users: ["shop", "crm", "web", "api"].map(inApp).joined() + "- name: lost\n- name: changed\n" + inApp("two"),
      databases: "- name: orders\n  owner: shop\n",
      remarks: [
        "user lost: PASSWORD in init/01.sh:9 is left out", "user changed: PASSWORD in init/01.sh:10 is left out",
        "init/01.sh:11: the name $run_secrets_app_name is not known here; left out", "orders (crm, web, api, lost, ",
      ]),
    scripts(
      "files whose paths differ in signs alone",
      [
        (
          "01.sql",
          #"""
          \set two `cat /run/secrets/app/a_b`
          \set one `cat /run/secrets/app/a-b`
          CREATE USER one PASSWORD :'one';
          CREATE USER two PASSWORD :'two';
          """#
        )
      ], mount: "{name: init, mountPath: /docker-entrypoint-initdb.d/}, {name: app, mountPath: /run/secrets/app}",
      volume: "{name: init, configMap: {name: init}}, {name: app, secret: {secretName: app}}",
      users: ["one": "a-b", "two": "a_b"].sorted { $0.key < $1.key }.map {
        "- name: \($0)\n  passwordFrom:\n    secret: app\n    key: \($1)\n"
      }.joined()),
    // What a variable holds whose name tells a secret is shown nowhere, even where it stands for a name.
    scripts(
      "secrets that loops and defaults give",
      [
        (
          "01.sh",
          #"""
          while read -r user password; do
            psql -c "CREATE USER $user PASSWORD '$password'" -c "CREATE DATABASE $password"
          done <<< "shop hunter1"
          for password in hunter2; do createuser "$password"; done
          createuser "${APP_PASSWORD:-hunter3}"
          createuser "${WEB_PASSWORD:=hunter4}"
          createdb -O "postgresql://shop:hunter5@db/shop" wiki
          """#
        )
      ], users: "- name: shop\n", databases: "- name: wiki\n  owner: shop\n",
      remarks: [
        "user shop: PASSWORD in init/01.sh:2 is left out", "init/01.sh:2: the name $password is not known here",
        "init/01.sh:4: the name $password is not known here", "init/01.sh:5: the name $APP_PASSWORD is not known here",
        "init/01.sh:6: the name $WEB_PASSWORD is not known here", "init/01.sh:7: a URI is no name; left out",
        "database wiki is the superuser's",
      ]),
    scripts(
      "psql's variables of the container's",
      [
        (
          "init.sql",
          #"""
          \set owner `echo "$APP_USER"`
          \set pgpass `echo "$APP_SECRET"`
          \set day `date +%F`
          \getenv second SECOND_USER
          CREATE USER :owner PASSWORD :'pgpass';
          CREATE DATABASE orders OWNER :"owner";
          CREATE USER :second;
          CREATE DATABASE :day;
          CREATE USER :pgpass;
          """#
        )
      ], env: ["APP_USER": "shop", "SECOND_USER": "crm", "APP_SECRET": "hunter2"],
      users: "- name: shop\n- name: crm\n", databases: "- name: orders\n  owner: shop\n",
      remarks: [
        "user shop: PASSWORD in init/init.sql:5 is left out", "init/init.sql:8: the name $… is not known here",
        "init/init.sql:9: the name $APP_SECRET is not known here", "orders (crm)",
      ]),
    scripts(
      "users, databases, tables and a shell script",
      [
        (
          "01-users.sql",
          """
          -- the application's
          CREATE USER shop WITH PASSWORD 'hunter2';
          CREATE DATABASE orders OWNER shop;
          CREATE USER crm;
          CREATE DATABASE crm;
          GRANT ALL PRIVILEGES ON DATABASE crm TO crm;
          """
        ),
        ("02-tables.sql", "CREATE TABLE invoice (id bigint PRIMARY KEY);"),
        (
          "03-more.sh",
          """
          #!/bin/sh
          set -e
          psql -v ON_ERROR_STOP=1 <<-EOSQL
            CREATE USER $APP_USER;
            CREATE DATABASE $UNKNOWN;
          EOSQL
          """
        ),
      ], env: ["POSTGRES_DB": "orders", "APP_USER": "web"],
      users: """
        - name: shop
        - name: crm
        - name: web

        """,
      databases: """
        - name: orders
          owner: shop
          scripts:
          - name: "02-tables"
            configMap:
              name: init
              key: "02-tables.sql"
        - name: crm
          owner: crm

        """,
      remarks: [
        "can connect no more: orders (crm, web), crm (shop, web)",
        "user shop: PASSWORD in init/01-users.sql:2 is left out", "init/03-more.sh:5: the name $UNKNOWN is not known",
      ]),
    scripts(
      "the database that the image makes, and an owner in a later file",
      [
        ("01.sql", "CREATE USER shop;\nCREATE USER other;\nCREATE DATABASE archive;"),
        ("02.sql", "CREATE TABLE a (i int);\nCREATE EXTENSION IF NOT EXISTS pg_trgm;"),
        ("03.sql", "ALTER DATABASE archive OWNER TO other;\nALTER DATABASE shopdb OWNER TO shop;"),
      ], env: ["POSTGRES_DB": "shopdb", "POSTGRES_USER": "root"],
      users: """
        - name: shop
        - name: other

        """,
      databases: """
        - name: shopdb
          owner: shop
          extensions:
          - name: pg_trgm
          scripts:
          - name: "02"
            configMap:
              name: init
              key: "02.sql"
        - name: archive
          owner: other

        """, remarks: ["can connect no more: shopdb (other), archive (shop)"]),
    scripts(
      "tables go to no database that somebody else's script makes",
      [("01.sql", "CREATE USER shop;\nCREATE DATABASE crm OWNER shop;"), ("02.sql", "CREATE TABLE a (i int);")],
      users: "- name: shop\n",
      databases: """
        - name: crm
          owner: shop

        """, remarks: ["init/02.sql, line 1: it ran in database postgres, which is not declared"]),
    scripts(
      "the superuser's database and roles",
      [
        (
          "01.sql",
          """
          ALTER USER root PASSWORD 'hunter2';
          CREATE ROLE readers;
          CREATE ROLE shop LOGIN SUPERUSER CREATEDB CONNECTION LIMIT 3 IN ROLE readers;
          ALTER ROLE shop VALID UNTIL '2030-01-01';
          ALTER USER shop WITH PASSWORD 'hunter2';
          ALTER ROLE nobody CREATEDB;
          GRANT readers, pg_monitor TO shop;
          GRANT SELECT ON ALL TABLES IN SCHEMA public TO readers;
          ALTER ROLE shop SET search_path TO x;
          """
        )
      ], env: ["POSTGRES_USER": "root"],
      users: """
        - name: readers
        - name: shop
          connectionLimit: 3
          memberOf:
          - readers
          - pg_monitor

        """,
      remarks: [
        "init/01.sql:1: role root is the superuser", "user readers: nologin has no like",
        "user shop: superuser, createdb has no like", "user shop: VALID UNTIL in init/01.sql:4",
        "user shop: PASSWORD in init/01.sql:5 is left out", "init/01.sql:6: role nobody is made elsewhere",
        "init/01.sql:8: rights that it gives", "init/01.sql, line 9: no script of Postern's",
        "database root has no owner that can be told",
      ]),
    scripts(
      "names are what the server makes of them, and comments and literals are none",
      [
        (
          "01.sql",
          """
          /* CREATE USER never; */ -- CREATE USER never;
          CREATE USER Shop; create user "Shop Two";
          CREATE DATABASE Orders OWNER = Shop ENCODING 'UTF8' LC_COLLATE 'C' TEMPLATE template0 CONNECTION LIMIT 9;
          CREATE DATABASE "Weird ""Name" WITH OWNER "Shop Two";
          DO $$ BEGIN RAISE NOTICE 'CREATE USER never;'; END $$;
          COMMENT ON ROLE shop IS 'CREATE USER never; it''s';
          """
        )
      ],
      users: """
        - name: shop
        - name: "Shop Two"

        """,
      databases: """
        - name: orders
          owner: shop
          encoding: UTF8
          locale: C
          template: template0
          connectionLimit: 9
        - name: "Weird \\"Name"
          owner: "Shop Two"

        """,
      remarks: [
        "init/01.sql, lines 5-6: no script of Postern's",
        "can connect no more: orders (Shop Two), Weird \"Name (shop)",
      ]),
    scripts(
      "blocks and \\gexec that make what is not there",
      [
        (
          "01.sql",
          """
          DO $do$
          BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app') THEN
              CREATE ROLE app LOGIN PASSWORD 'hunter2';
            END IF;
          END
          $do$;
          SELECT 'CREATE DATABASE app OWNER app' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'app')\\gexec
          \\connect app
          CREATE EXTENSION pg_trgm SCHEMA public;
          CREATE SCHEMA IF NOT EXISTS reports AUTHORIZATION app;
          """
        )
      ],
      users: "- name: app\n",
      databases: """
        - name: app
          owner: app
          extensions:
          - name: pg_trgm
            schema: public
          schemas:
          - name: reports
            owner: app

        """, remarks: ["user app: PASSWORD in init/01.sql:1"]),
    scripts(
      "psql's and the shell's variables, and its other ways",
      [
        (
          "01.sh",
          """
          #!/usr/bin/env bash
          set -euo pipefail
          export PGPASSWORD="$POSTGRES_PASSWORD"
          psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" -v app=store --dbname "$POSTGRES_DB" <<'EOSQL'
            CREATE USER :app PASSWORD 'hunter2$X';
            CREATE DATABASE :"app" OWNER :app;
            CREATE USER :unknown;
          EOSQL
          psql -c "CREATE USER ${READER:-reader}" -d "${POSTGRES_DB}"
          psql --command='CREATE USER "$literal"'
          createuser --no-superuser batch
          createdb -O batch "jobs"
          psql --dbname jobs <<-EOF
          \tCREATE SCHEMA work_$SUFFIX;
          \tDO \\$\\$ BEGIN CREATE ROLE late LOGIN; END \\$\\$;
          \tEOF
          psql -f /sql/more.sql
          cat > /tmp/x <<EOF
          CREATE USER never;
          EOF
          """
        )
      ], env: ["POSTGRES_DB": "store", "SUFFIX": "A"],
      users: """
        - name: store
        - name: reader
        - name: "$literal"
        - name: batch
        - name: late

        """,
      databases: """
        - name: store
          owner: store
        - name: jobs
          owner: batch
          schemas:
          - name: work_a

        """,
      remarks: [
        "can connect no more: store (reader, $literal, batch, late), jobs (store, reader, $literal, late)",
        "user store: PASSWORD in init/01.sh:5", "init/01.sh:7: the name $unknown is not known",
        "init/01.sh, lines 17-18: what psql or a shell does there",
      ]),
    scripts(
      "a shell's comments, quotes and here-documents",
      [
        (
          "01.sh",
          """
          #!/bin/bash
          set -e # don't go on
          # psql <<EOF
          # it's "old
          echo "a << b" 'c << d' e\\# 'f'
          psql <<< "CREATE USER here; it's"
          psql -d "${DB:-${POSTGRES_DB}}" -c "CREATE EXTENSION hstore"; # it's there
          psql -d ${DB:-$POSTGRES_DB} \\
            -c 'CREATE EXTENSION
              pg_trgm' # doesn't hurt
          psql -d $(cat /run/db) -c "CREATE EXTENSION citext"
          psql <<-"EOF" # don't
            CREATE USER shop; -- don't
          EOF
          psql -c "CREATE USER last"
          """
        )
      ], env: ["POSTGRES_DB": "shop"], users: "- name: here\n- name: shop\n- name: last\n",
      databases: """
        - name: shop
          owner: shop
          extensions:
          - name: hstore
          - name: pg_trgm

        """,
      remarks: [
        "init/01.sh, line 6: PostgreSQL's grammar does not take it", "can connect no more: shop (here, last)",
        "database shop is the superuser's",
        "init/01.sh:11: the name $… is not known",
      ]),
    scripts(
      "what a statement says besides, and has no like",
      [
        (
          "01.sql",
          """
          CREATE USER shop;
          CREATE USER lead;
          CREATE DATABASE shop OWNER shop;
          GRANT shop TO lead WITH ADMIN OPTION;
          GRANT ALL ON DATABASE shop TO shop WITH GRANT OPTION;
          \\c shop
          CREATE EXTENSION vchord CASCADE;
          CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public VERSION '1.6' CASCADE;
          CREATE EXTENSION hstore;
          """
        )
      ], users: "- name: shop\n- name: lead\n  memberOf:\n  - shop\n",
      databases: """
        - name: shop
          owner: shop
          extensions:
          - name: vchord
          - name: citext
            schema: public
            version: "1.6"
          - name: hstore

        """,
      remarks: [
        "init/01.sql:4: with admin option has no like", "init/01.sql:5: with grant option has no like",
        "init/01.sql:7: cascade has no like", "init/01.sql:8: cascade has no like",
      ]),
    scripts(
      "the database of a URI, of libpq's settings, and without an option",
      [
        (
          "01.sql",
          """
          CREATE USER shop;
          CREATE DATABASE shop OWNER shop;
          \\c "dbname=shop password=hunter2"
          CREATE EXTENSION hstore;
          \\connect postgresql://a:hunter2@h/shop?password=hunter2
          CREATE EXTENSION citext;
          \\connect postgresql://a:hun/ter2@h
          CREATE EXTENSION never;
          """
        ),
        (
          "02.sh",
          """
          psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" --host localhost -qt shop <<EOF
          CREATE EXTENSION pg_trgm;
          EOF
          psql "$URL" -c "CREATE EXTENSION ltree"
          psql --dbname "host=h password=hunter2" -c "CREATE EXTENSION never"
          psql -c "CREATE USER \"$URL$X\""
          """
        ),
      ], env: ["URL": "postgresql://a:hunter2@h/shop", "POSTGRES_DB": "other"], users: "- name: shop\n",
      databases: """
        - name: other
          owner: shop
        - name: shop
          owner: shop
          extensions:
          - name: hstore
          - name: citext
          - name: pg_trgm
          - name: ltree

        """,
      remarks: [
        "database other is the superuser's", "init/01.sql:8: the name $… is not known",
        "init/02.sh:5: the name $… is not known", "init/02.sh, line 6: PostgreSQL's grammar does not take it",
      ]),
    scripts(
      "createuser and createdb, with what a declaration cannot say",
      [
        (
          "01.sh",
          """
          createuser -s -U postgres shop || true; createuser -dr -g shop -g $GROUP big
          createdb -E LATIN1 -l de_DE -T template0 -O shop orders 'the orders of shop' 2>/dev/null
          createdb -E "$ENCODING" -D fast crm -O big && psql -d crm -c 'CREATE EXTENSION a'; psql -d orders -c "CREATE EXTENSION b"
          psql -v pw=hunter2 -c 'CREATE USER :pw'
          """
        )
      ], users: "- name: shop\n- name: big\n  memberOf:\n  - shop\n",
      databases: """
        - name: orders
          owner: shop
          extensions:
          - name: b
          encoding: LATIN1
          locale: de_DE
          template: template0
        - name: crm
          owner: big
          extensions:
          - name: a

        """,
      remarks: [
        "user shop: superuser has no like", "user big: createdb, createrole has no like",
        "init/01.sh:1: the name $GROUP is not known", "init/01.sh, line 2: what psql or a shell does there",
        "init/01.sh:3: the name $ENCODING is not known", "options of database crm have no like",
        "init/01.sh:4: the name $pw is not known", "can connect no more: crm (shop)",
      ]),
    scripts(
      "psql without a database, whose user's it is then",
      [("01.sh", "createuser shop\npsql -U root -c 'CREATE EXTENSION a'\npsql -c 'CREATE EXTENSION b'")],
      env: ["POSTGRES_USER": "root", "POSTGRES_DB": "orders"], users: "- name: shop\n",
      databases: "- name: orders\n  owner: shop\n",
      remarks: [
        "database orders is the superuser's", "init/01.sh:2: it is for database root, which is not declared",
        "init/01.sh:3: it is for database postgres, which is not declared",
      ]),
    scripts(
      "a name that is not known",
      [("01.sql", "CREATE ROLE a IN ROLE :b;\nCREATE DATABASE a OWNER a ENCODING :'c' LOCALE 'C';\nCREATE USER b;")],
      users: "- name: a\n- name: b\n", databases: "- name: a\n  owner: a\n  locale: C\n",
      remarks: [
        "user a: nologin", "init/01.sql:1: the name $b is not known", "init/01.sql:2: the name $c is not known",
        "can connect no more: a (b)",
      ]),
    scripts(
      "what PostgreSQL does not take",
      [
        (
          "01.sql",
          """
          CREATE DATABASE IF NOT EXISTS orders;
          CREATE USER IF NOT EXISTS shop;
          CREATE USER $APP;
          GRANT ALL PRIVILEGES ON orders.* TO 'shop'@'%';
          CREATE USER last;
          """
        )
      ], env: ["APP": "web"], users: "- name: last\n",
      remarks: ["init/01.sql, lines 1-4: PostgreSQL's grammar does not take it"]),
    scripts(
      "one key of a ConfigMap, by subPath",
      [("a.sql", "CREATE USER one;"), ("b.sql", "CREATE USER two;")],
      mount: "{name: init, mountPath: /docker-entrypoint-initdb.d/01.sql, subPath: b.sql}", users: "- name: two\n"),
    scripts(
      "chosen keys, one of them below the folder, in the files' order",
      [
        ("a.sql", "CREATE USER one;"), ("b.sql", "CREATE USER two;"), ("c.sql", "CREATE USER three;"),
        ("notes", "CREATE USER never;"),
      ],
      volume:
        "{name: init, projected: {sources: [{configMap: {name: init, items: [{key: b.sql, path: 1.sql}, {key: a.sql, path: sub/2.sql}, {key: c.sql, path: 0.sql}]}}]}}",
      users: "- name: three\n- name: two\n", remarks: ["init/a.sql is in a folder below"]),
    scripts(
      "Bitnami's variables", [("a.sql", "CREATE TABLE a (i int);")],
      env: ["POSTGRESQL_USERNAME": "app", "POSTGRESQL_DATABASE": "orders"], image: "docker.io/bitnami/postgresql:17",
      users: "- name: app\n",
      databases: """
        - name: orders
          owner: app
          scripts:
          - name: a
            configMap:
              name: init
              key: a.sql

        """, remarks: ["user app: no variable of the container names a password"]),
    scripts(
      "scripts that Postern takes in no script",
      [
        ("a.sql", "CREATE TABLE a (i int);\nCOPY a FROM stdin;\n1\n\\.\n"),
        ("b.sql", "BEGIN; CREATE TABLE b (i int); COMMIT;"),
      ],
      env: ["POSTGRES_DB": "orders", "POSTGRES_USER": "root"], users: "[]", databases: "[]",
      remarks: [
        "database orders has no owner that can be told", "init/a.sql, line 1: no script",
        "init/b.sql, line 1: no script",
        "init/a.sql, line 2: what psql or a shell does there",
      ]),
    scripts(
      "passwords that the container's variables have of Secrets",
      [
        (
          "01.sh",
          #"""
          psql -v ON_ERROR_STOP=1 <<-EOSQL
            CREATE USER shop WITH ENCRYPTED PASSWORD '$SHOP_PASSWORD';
            CREATE USER plain WITH PASSWORD '$PLAIN_PASSWORD';
            CREATE USER part WITH PASSWORD 'x$SHOP_PASSWORD';
            CREATE USER given WITH PASSWORD '${GIVEN_PASSWORD:-hunter2}';
          EOSQL
          psql -v pw="$CRM_PASSWORD" -c "CREATE USER crm PASSWORD :'pw'"
          make() {
            local name=$1 password=$2
            psql -c "CREATE USER $name; ALTER USER $name PASSWORD '$password'"
          }
          make wiki "$WIKI_PASSWORD"
          """#
        ),
        (
          "02.sql",
          #"""
          \set pw `echo "$LAST_PASSWORD"`
          \getenv other SHOP_PASSWORD
          CREATE ROLE last LOGIN PASSWORD :'pw';
          CREATE ROLE other LOGIN PASSWORD :'other';
          """#
        ),
      ], env: ["PLAIN_PASSWORD": "hunter2"],
      secrets: [
        "SHOP_PASSWORD": "shop-login", "CRM_PASSWORD": "crm-login", "WIKI_PASSWORD": "wiki-login",
        "LAST_PASSWORD": "last-login", "GIVEN_PASSWORD": "given-login",
      ],
      users: [
        ("shop", "shop-login"), ("plain", nil), ("part", nil), ("given", "given-login"), ("crm", "crm-login"),
        ("wiki", "wiki-login"), ("last", "last-login"), ("other", "shop-login"),
      ].map { name, secret in
        "- name: \(name)\n" + (secret.map { "  passwordFrom:\n    secret: \($0)\n    key: password\n" } ?? "")
      }.joined(),
      remarks: [
        "user plain: PASSWORD in init/01.sh:3 is left out; the user gets a new one, unless passwordFrom names a Secret",
        "user part: PASSWORD in init/01.sh:4 is left out",
      ]),
    scripts(
      "what a replica logs in as owns no database",
      [("a.sql", "CREATE ROLE standby REPLICATION LOGIN;\nCREATE DATABASE orders;")], users: "- name: standby\n",
      remarks: ["user standby: replication has no like", "database orders has no owner that can be told"]),
    scripts(
      "an application's user beside a replica's",
      [
        (
          "a.sql",
          "CREATE ROLE standby LOGIN; ALTER ROLE standby REPLICATION;\nCREATE USER shop;\nCREATE DATABASE orders;"
        )
      ], users: "- name: standby\n- name: shop\n", databases: "- name: orders\n  owner: shop\n",
      remarks: [
        "user standby: replication has no like", "database orders is the superuser's; shop is to own it",
        "can connect no more: orders (standby)",
      ]),
    scripts(
      "the folder of Red Hat's images", [("a.sh", "psql -c 'CREATE USER shop'\ncreatedb -O shop orders")],
      env: ["POSTGRESQL_ADMIN_PASSWORD": "hunter2"], ranOnce: "scripts in /opt/app-root/src/postgresql-init ran once",
      mount: "{name: init, mountPath: /opt/app-root/src/postgresql-init}", image: "quay.io/sclorg/postgresql-16-c9s",
      users: "- name: shop\n", databases: "- name: orders\n  owner: shop\n"),
    scripts(
      "the folders of Supabase's image, in its order",
      [
        ("a.sql", "CREATE DATABASE pooler OWNER shop;"), ("z.sql", "CREATE USER shop;"),
        ("c.sql", "CREATE USER never;"),
      ],
      mount: """
        {name: init, mountPath: /docker-entrypoint-initdb.d/migrations/01.sql, subPath: a.sql},
        {name: init, mountPath: /docker-entrypoint-initdb.d/init-scripts/99.sql, subPath: z.sql},
        {name: init, mountPath: /docker-entrypoint-initdb.d/others/01.sql, subPath: c.sql}
        """, image: "supabase/postgres:15.8.1.085", users: "- name: shop\n",
      databases: "- name: pooler\n  owner: shop\n", remarks: ["init/c.sql is in a folder below"]),
    scripts(
      "statements that the server or psql puts together",
      [
        (
          "a.sql",
          #"""
          \set app shop
          SELECT format('CREATE ROLE %I LOGIN', :'app') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'app') \gexec
          SELECT 'CREATE DATABASE ' || quote_ident('Two Words') || ' OWNER ' || :'app' \gexec
          SELECT format('CREATE DATABASE %1$I OWNER %2$s', 'orders', :'app') \gexec
          SELECT format('CREATE DATABASE %I', current_date) \gexec
          SELECT 'CREATE DATABASE ' || quote_ident(lower('X')) \gexec
          DO $$
          BEGIN
            EXECUTE format('CREATE ROLE %I LOGIN', 'crm');
            EXECUTE 'CREATE ROLE ' || quote_ident('wiki') || ' LOGIN';
          END
          $$;
          """#
        )
      ], users: "- name: shop\n- name: crm\n- name: wiki\n",
      databases: "- name: \"Two Words\"\n  owner: shop\n- name: orders\n  owner: shop\n",
      remarks: [
        "init/a.sql:5: the name $… is not known here", "init/a.sql:6: the name $… is not known here",
        "can connect no more: Two Words (crm, wiki), orders (crm, wiki)",
      ]),
    scripts(
      "words that stand for the superuser, and for everybody",
      [
        (
          "01.sql",
          """
          CREATE ROLE shop LOGIN ROLE CURRENT_USER;
          GRANT shop TO CURRENT_USER, SESSION_USER;
          CREATE DATABASE one;
          GRANT ALL ON DATABASE one TO CURRENT_ROLE, PUBLIC, shop;
          CREATE DATABASE two OWNER shop;
          ALTER DATABASE two OWNER TO SESSION_USER;
          ALTER ROLE current_user CONNECTION LIMIT 9;
          DO $$ BEGIN GRANT shop TO CURRENT_USER; END $$;
          CREATE USER "current_user";
          \\c one
          CREATE SCHEMA work AUTHORIZATION CURRENT_USER;
          """
        )
      ], users: "- name: shop\n- name: current_user\n",
      databases: "- name: one\n  owner: shop\n  schemas:\n  - name: work\n",
      remarks: [
        "user shop: init/01.sql:1 gives it members (postgres)", "init/01.sql:4: rights that it gives or takes back",
        "init/01.sql:7: role postgres is the superuser", "database two has no owner that can be told",
        "can connect no more: one (current_user)",
      ]),
    scripts(
      "what a block does besides making a role",
      [
        (
          "01.sql",
          """
          DO $$
          DECLARE n int;
          BEGIN
            n := 1;
            SELECT 1 INTO n;
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'shop') THEN
              CREATE ROLE shop LOGIN;
            ELSIF n = 2 THEN
              RAISE NOTICE 'there';
            END IF;
          EXCEPTION WHEN OTHERS THEN NULL;
          END $$;
          DO $$
          BEGIN
            CREATE ROLE crm LOGIN;
            ALTER ROLE crm SET search_path = crm;
          END $$;
          DO $$ BEGIN CREATE ROLE wiki LOGIN; CREATE TABLE a (i int); END $$;
          DO $$ BEGIN CREATE ROLE chat LOGIN; PERFORM setval('x', 1); END $$;
          DO $$ BEGIN CREATE ROLE mail LOGIN; EXECUTE statement; END $$;
          """
        )
      ], users: ["shop", "crm", "wiki", "chat", "mail"].map { "- name: \($0)\n" }.joined(),
      remarks: ["init/01.sql, lines 13, 18-20: no script of Postern's as it stands"]),
    scripts(
      "the owner of the image's database stays it where a script would make the database",
      [
        (
          "01.sql",
          """
          CREATE USER one; CREATE USER two;
          SELECT 'CREATE DATABASE orders' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'orders')\\gexec
          CREATE DATABASE wiki;
          GRANT ALL ON DATABASE wiki TO two;
          SELECT 'CREATE DATABASE wiki' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'wiki')\\gexec
          """
        )
      ], env: ["POSTGRESQL_USERNAME": "shop", "POSTGRESQL_DATABASE": "orders"], image: "bitnami/postgresql:17",
      users: "- name: one\n- name: two\n- name: shop\n",
      databases: "- name: orders\n  owner: shop\n- name: wiki\n  owner: two\n",
      remarks: [
        "user shop: no variable of the container names a password",
        "can connect no more: orders (one, two), wiki (one, shop)",
      ]),
    scripts(
      "several who may do everything in a database",
      [
        (
          "01.sql",
          """
          CREATE USER a; CREATE USER b;
          CREATE DATABASE one; CREATE DATABASE two OWNER a;
          GRANT ALL PRIVILEGES ON DATABASE one TO a;
          GRANT ALL ON DATABASE one TO b, a;
          GRANT ALL ON DATABASE two TO b;
          GRANT ALL ON DATABASE elsewhere TO b;
          """
        )
      ], users: "- name: a\n- name: b\n", databases: "- name: one\n  owner: a\n- name: two\n  owner: a\n",
      remarks: [
        "init/01.sql:4: a owns database one; the rights of b there are grants of user b: {one: read} or write",
        "init/01.sql:5: a owns database two; the rights of b there are grants of user b: {two: read} or write",
        "init/01.sql:6: database elsewhere is made elsewhere; left out", "can connect no more: one (b), two (b)",
      ]),
    scripts(
      "all lines that cannot be read, as ranges",
      [
        (
          "01.sh",
          "createuser shop\n"
            + [1, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1].map { $0 == 1 ? "make it\n" : ":\n" }
            .joined()
        )
      ], users: "- name: shop\n",
      remarks: ["init/01.sh, lines 2-3, 5, 7, 9, 11, 13, 15, 17, 19, 21-23: what psql or a shell does there"]),
  ]
}
