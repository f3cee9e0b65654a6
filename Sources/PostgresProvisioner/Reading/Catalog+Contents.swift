import DatabaseSpec
import Provisioning

/// Queries about the contents of one database.
extension Catalog {
  /// Its schemas, without the server's own.
  static var schemas: CatalogQuery<(name: PostgresName, owner: PostgresName)> {
    CatalogQuery(
      "the schemas",
      """
      SELECT n.nspname, r.rolname FROM pg_namespace n JOIN pg_authid r ON r.oid = n.nspowner
      WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      """
    ) { row throws(CatalogMismatch) in (try row.name(), try row.name()) }
  }

  /// Its extensions.
  static var extensions: CatalogQuery<(name: PostgresName, installed: InstalledExtension)> {
    CatalogQuery(
      "the extensions",
      """
      SELECT e.extname, n.nspname, e.extversion, e.extrelocatable
      FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
      """
    ) { row throws(CatalogMismatch) in
      (
        try row.name(),
        InstalledExtension(schema: try row.name(), version: try row.text(), isRelocatable: try row.isTrue())
      )
    }
  }

  /// Whether every role may create objects in the schema `public`; one row.
  static var isPublicSchemaOpen: CatalogQuery<Bool> {
    CatalogQuery(
      "the schema public",
      """
      SELECT coalesce(bool_or(nspacl @> makeaclitem(0, nspowner, 'CREATE', false)), false)
      FROM pg_namespace WHERE nspname = 'public'
      """
    ) { row throws(CatalogMismatch) in try row.isTrue() }
  }

  /// The tables, views and sequences that no role of `makers` owns and that some role of `readers` cannot read, without
  /// those of extensions, by owner; and the schemas of others in which one may read what these own, but not use the schema. A
  /// reader who does not exist yet can read what PUBLIC can.
  static func uncovered(
    by makers: [Maker], from readers: [PostgresName]
  ) -> CatalogQuery<(objects: OthersObjects, areSchemas: Bool)> {
    CatalogQuery(
      "what no grant is about",
      """
      WITH reader AS (
          SELECT coalesce(r.oid, 0) AS oid FROM unnest($2::text[]) AS a(name) LEFT JOIN pg_authid r ON r.rolname = a.name),
        namespace AS (
          SELECT oid, nspname, nspowner FROM pg_namespace
          WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'postern')),
        relation AS NOT MATERIALIZED (
          SELECT c.oid, c.relnamespace, c.relispartition, r.rolname, r.rolname = ANY ($1::text[]) AS covered
          FROM pg_class c JOIN namespace n ON n.oid = c.relnamespace JOIN pg_authid r ON r.oid = c.relowner
          WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND NOT EXISTS (
            SELECT FROM pg_depend d
            WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e')),
        closed AS (
          SELECT n.oid, n.nspname, r.rolname, reader.oid AS reader
          FROM namespace n JOIN pg_authid r ON r.oid = n.nspowner CROSS JOIN reader
          WHERE r.rolname <> ALL ($1::text[]) AND n.nspname <> 'public'
            AND NOT has_schema_privilege(reader.oid, n.oid, 'USAGE') AND NOT EXISTS (
              SELECT FROM pg_depend d
              WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e'))
      SELECT rolname, count(*), array_to_string((array_agg(oid::regclass::text ORDER BY oid))[1:5], ', '), false
      FROM relation c
      WHERE NOT covered AND EXISTS (SELECT FROM reader WHERE NOT has_table_privilege(reader.oid, c.oid, 'SELECT'))
      GROUP BY rolname
      UNION ALL
      SELECT rolname, count(*), array_to_string((array_agg(format('%I', nspname) ORDER BY oid))[1:5], ', '), true
      FROM (
        SELECT DISTINCT k.oid, k.nspname, k.rolname FROM closed k JOIN relation c ON c.relnamespace = k.oid
        WHERE c.covered AND NOT c.relispartition AND has_table_privilege(k.reader, c.oid, 'SELECT')) n
      GROUP BY rolname ORDER BY 1
      """, [SQLText.array(makers.map({ $0.name.text })), SQLText.array(readers.map({ $0.text }))]
    ) { row throws(CatalogMismatch) in
      let objects = OthersObjects(owner: try row.name(), count: try row.integer(), names: try row.text())
      return (objects, try row.isTrue())
    }
  }

  /// The routines that somebody of `readers` may call and that run with their owner's rights, apart from those of
  /// extensions and those that only triggers call, by owner.
  static func definers(callableBy readers: [PostgresName]) -> CatalogQuery<OthersObjects> {
    CatalogQuery(
      "what runs with its owner's rights",
      """
      WITH reader AS (SELECT oid FROM pg_authid WHERE rolname = ANY ($1::text[]))
      SELECT r.rolname, count(*), array_to_string((array_agg(p.oid::regprocedure::text ORDER BY p.oid))[1:5], ', ')
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_authid r ON r.oid = p.proowner
      WHERE p.prosecdef AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
        AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'postern')
        AND EXISTS (
          SELECT FROM reader WHERE reader.oid <> p.proowner AND has_schema_privilege(reader.oid, n.oid, 'USAGE')
            AND has_function_privilege(reader.oid, p.oid, 'EXECUTE'))
        AND NOT EXISTS (
          SELECT FROM pg_depend d
          WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.objsubid = 0 AND d.deptype = 'e')
      GROUP BY r.rolname ORDER BY r.rolname COLLATE "C"
      """, [SQLText.array(readers.map({ $0.text }))]
    ) { row throws(CatalogMismatch) in
      OthersObjects(owner: try row.name(), count: try row.integer(), names: try row.text())
    }
  }

  /// The indexes that no query uses, because what built them beside the writers of a table was cut off, by owner. Those of
  /// partitioned tables are so until each partition has one; others are being built.
  static var invalidIndexes: CatalogQuery<OthersObjects> {
    CatalogQuery(
      "the indexes that are not valid",
      """
      SELECT r.rolname, count(*), array_to_string((array_agg(c.oid::regclass::text ORDER BY c.oid))[1:5], ', ')
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_authid r ON r.oid = c.relowner
      JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE NOT i.indisvalid AND c.relkind = 'i' AND n.nspname !~ '^pg_' AND NOT EXISTS (
        SELECT FROM pg_stat_progress_create_index p WHERE p.datname = current_database() AND p.relid = i.indrelid)
      GROUP BY r.rolname ORDER BY r.rolname COLLATE "C"
      """
    ) { row throws(CatalogMismatch) in
      OthersObjects(owner: try row.name(), count: try row.integer(), names: try row.text())
    }
  }
}
