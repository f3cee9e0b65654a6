import DatabaseSpec
import Provisioning

/// What is in one database.
extension Catalog {
  /// Its schemas, the server's own left out.
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
      SELECT e.extname, n.nspname, e.extversion FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
      """
    ) { row throws(CatalogMismatch) in
      (try row.name(), InstalledExtension(schema: try row.name(), version: try row.text()))
    }
  }

  /// Whether everybody may make things in the schema `public`; one row.
  static var isPublicSchemaOpen: CatalogQuery<Bool> {
    CatalogQuery(
      "the schema public",
      """
      SELECT coalesce(bool_or(nspacl @> makeaclitem(0, nspowner, 'CREATE', false)), false)
      FROM pg_namespace WHERE nspname = 'public'
      """
    ) { row throws(CatalogMismatch) in try row.isTrue() }
  }

  /// How many tables, views and sequences superusers own, apart from those of extensions; one row.
  static var superuserRelations: CatalogQuery<Int> {
    CatalogQuery(
      "what superusers own",
      """
      SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_authid r ON r.oid = c.relowner
      WHERE r.rolsuper AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
        AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'postern') AND NOT EXISTS (
          SELECT FROM pg_depend d
          WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e')
      """
    ) { row throws(CatalogMismatch) in try row.integer() }
  }
}
