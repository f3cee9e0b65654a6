extension MigrateTests {
  static let scripts = [
    Case(
      testDescription: "scripts for an empty data folder",
      manifest: """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: init}
        data:
          01-users.sql: |
            -- the application's
            CREATE USER shop WITH PASSWORD 'hunter2';
            CREATE DATABASE orders OWNER shop;
            CREATE USER crm;
            CREATE DATABASE crm;
            GRANT ALL PRIVILEGES ON DATABASE crm TO crm;
          02-tables.sql: |
            CREATE TABLE invoice (id bigint PRIMARY KEY);
          03-more.sh: |
            #!/bin/sh
            psql -v ON_ERROR_STOP=1 <<-EOSQL
              CREATE USER $APP_USER;
              CREATE DATABASE $UNKNOWN;
            EOSQL
        ---
        apiVersion: apps/v1
        kind: StatefulSet
        metadata: {name: db}
        spec:
          template:
            spec:
              containers:
                - name: postgres
                  image: postgres:17
                  env: [{name: POSTGRES_DB, value: orders}, {name: APP_USER, value: web}]
                  volumeMounts: [{name: init, mountPath: /docker-entrypoint-initdb.d/}]
              volumes: [{name: init, configMap: {name: init}}]
        """,
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
        "init/01-users.sql: a password stands in it", "init/03-more.sh: the name $UNKNOWN is not known",
        "init/03-more.sh: the rest of it is no script", "ran once, as superuser, on an empty data folder",
      ])
  ]
}
