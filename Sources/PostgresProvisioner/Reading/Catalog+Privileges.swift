import DatabaseSpec
import Provisioning

/// Queries for privileges that differ from the wanted ones.
extension Catalog {
  /// Whom users who are to lose rights have given them to, in their own name. $3 says of which rights it is about routines
  /// alone that run with their owner's rights.
  static func passedOn(_ requests: [PrivilegeRequest]) -> CatalogQuery<PassedOnRights> {
    CatalogQuery(
      "the rights that were passed on",
      """
      SELECT u.rolname, coalesce(g.rolname, 'PUBLIC'), count(DISTINCT o.name),
        array_to_string((array_agg(DISTINCT o.name))[1:5], ', ')
      FROM (
        SELECT format('%I', nspname) AS name, nspowner AS owner, nspacl AS acl, false AS definer FROM pg_namespace
        UNION ALL SELECT oid::regclass::text, relowner, relacl, false FROM pg_class
        UNION ALL SELECT oid::regprocedure::text, proowner, proacl, prosecdef FROM pg_proc) o
      CROSS JOIN LATERAL aclexplode(o.acl) e
      JOIN pg_authid u ON u.oid = e.grantor LEFT JOIN pg_authid g ON g.oid = e.grantee
      WHERE e.grantor <> o.owner AND EXISTS (
        SELECT FROM unnest($1::text[], $2::text[], $3::boolean[]) AS a(role, privilege, definers)
        WHERE a.role = u.rolname AND a.privilege = e.privilege_type AND (o.definer OR NOT a.definers))
      GROUP BY 1, 2 ORDER BY 1, 2
      """,
      [
        SQLText.array(requests.map({ $0.role.text })), SQLText.array(requests.map({ $0.privilege })),
        SQLText.array(requests.map { $0.isSafe ? "t" : "f" }),
      ]
    ) { row throws(CatalogMismatch) in
      PassedOnRights(
        user: try row.name(), grantee: try row.name(), count: try row.integer(), names: try row.text())
    }
  }

  /// Where privileges differ: role, kind, whether it is about future objects, which, privileges, whether they
  /// are missing; and the place of this gap. Gaps are in the order of their places: those of one object are together, so
  /// that a limit leaves each role its share.
  ///
  /// Asked for: $1 roles, $2 kinds, $3 privileges, $4 whether it is wanted, $5 on what members make alone; $6 whose objects it
  /// is about, $7 whether that is a member of the owner; $8 whether the user is to have nothing that runs with its owner's
  /// rights; $9 on whose objects Postern may have granted something, now or before. What PUBLIC may do everybody may; a
  /// role's rights on its own objects, these and future ones, are never touched; the schema `public` counts whoever owns
  /// it. $10 to $13 are the place, $14 is the limit.
  ///
  /// Objects are sorted first, and then what is asked is looked up for each: so a limit ends the work as soon as it is
  /// reached, and the next part of the walk does not do it again.
  /// - Parameters:
  ///   - place: behind which the gaps are; nil for all.
  ///   - limit: how many rows there are at most; nil for any number.
  static func gaps(
    _ questions: GapQuestions, behind place: GapPlace?, limit: Int?
  ) -> CatalogQuery<(gap: PrivilegeGap, place: GapPlace)> {
    let (requests, makers) = (questions.requests, questions.makers)
    return CatalogQuery(
      "the privileges",
      """
      WITH asked AS (
          SELECT a.nr, a.role, a.kind, a.privilege, a.wanted, a.narrow, a.safe, r.oid
          FROM unnest($1::text[], $2::text[], $3::text[], $4::boolean[], $5::boolean[], $8::boolean[]) WITH ORDINALITY
            AS a(role, kind, privilege, wanted, narrow, safe, nr)
          LEFT JOIN pg_authid r ON r.rolname = a.role),
        creator AS (
          SELECT c.name, c.member, r.oid FROM unnest($6::text[], $7::boolean[]) AS c(name, member)
          LEFT JOIN pg_authid r ON r.rolname = c.name),
        giver AS (SELECT oid, rolname FROM pg_authid WHERE rolname = ANY ($9::text[])),
        namespace AS (
          SELECT oid, nspname, nspowner, nspacl FROM pg_namespace
          WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'postern')),
        object AS (
          SELECT 1 AS class, oid AS id, 'n' AS kind, format('%I', nspname) AS name, nspowner AS owner, nspacl AS acl,
            nspname = 'public' AS open, false AS definer
          FROM namespace
          UNION ALL
          SELECT 2, c.oid, CASE c.relkind WHEN 'S' THEN 'S' ELSE 'r' END, format('%I.%I', n.nspname, c.relname), c.relowner,
            c.relacl, false, false
          FROM pg_class c JOIN namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
          UNION ALL
          SELECT 3, p.oid, 'f', NULL, p.proowner,
            coalesce(p.proacl, acldefault('f', p.proowner)), false, p.prosecdef
          FROM pg_proc p JOIN namespace n ON n.oid = p.pronamespace),
        future AS (
          SELECT 0 AS class, coalesce(c.oid, 0) AS id, a.nr, a.kind, a.role, a.privilege, a.wanted,
            format('%I', c.name) AS name
          FROM asked a CROSS JOIN creator c
          WHERE a.wanted AND NOT a.safe AND c.name <> a.role AND (c.member OR NOT a.narrow) AND NOT EXISTS (
            SELECT FROM pg_default_acl d
            WHERE d.defaclrole = c.oid AND d.defaclnamespace = 0 AND d.defaclobjtype = a.kind::"char"
              AND d.defaclacl @> makeaclitem(a.oid, c.oid, a.privilege, false))
          UNION ALL
          SELECT 0, d.oid, a.nr, a.kind, a.role, a.privilege, false,
            format('%I', g.rolname) || CASE WHEN n.oid IS NULL THEN '' ELSE format(' IN SCHEMA %I', n.nspname) END
          FROM asked a JOIN pg_default_acl d ON d.defaclobjtype = a.kind::"char"
            AND d.defaclacl @> makeaclitem(a.oid, d.defaclrole, a.privilege, false)
          JOIN giver g ON g.oid = d.defaclrole LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
          WHERE g.oid <> a.oid AND NOT a.wanted)
      SELECT role, kind, class = 0, coalesce(name, id::regprocedure::text), privileges, wanted, class, id, sub
      FROM (
        (SELECT class, id, kind || role COLLATE "C" AS sub, wanted, role, kind, name,
          string_agg(privilege, ' ' ORDER BY nr) AS privileges
        FROM future
        WHERE (class, id, kind || role COLLATE "C", wanted) > ($10::integer, $11::oid, $12::text, $13::boolean)
        GROUP BY class, id, kind, role, wanted, name
        ORDER BY class, id, sub, wanted LIMIT $14::bigint)
        UNION ALL
        (SELECT o.class, o.id, a.sub, a.wanted, a.role, o.kind, o.name, a.privileges
        FROM (SELECT * FROM object WHERE (class, id) >= ($10::integer, $11::oid) ORDER BY class, id OFFSET 0) o
        CROSS JOIN LATERAL (
          SELECT a.kind || a.role COLLATE "C" AS sub, a.wanted, a.role, string_agg(a.privilege, ' ' ORDER BY a.nr) AS privileges
          FROM asked a
          WHERE a.kind = o.kind AND o.owner IS DISTINCT FROM a.oid AND CASE
            WHEN a.wanted THEN (o.open AND NOT a.narrow OR o.owner IN (SELECT oid FROM creator WHERE member OR NOT a.narrow))
              AND NOT (a.safe AND o.definer)
              AND NOT coalesce(o.acl @> makeaclitem(a.oid, o.owner, a.privilege, false), false)
              AND NOT coalesce(o.acl @> makeaclitem(0, o.owner, a.privilege, false), false)
            ELSE (o.open OR o.owner IN (SELECT oid FROM giver)) AND (o.definer OR NOT a.safe)
              AND coalesce(o.acl @> makeaclitem(a.oid, o.owner, a.privilege, false), false) END
          GROUP BY a.kind, a.role, a.wanted OFFSET 0) a
        WHERE (o.class, o.id, a.sub, a.wanted) > ($10::integer, $11::oid, $12::text, $13::boolean)
        ORDER BY o.class, o.id, a.sub, a.wanted LIMIT $14::bigint)) gap
      ORDER BY class, id, sub COLLATE "C", wanted LIMIT $14::bigint
      """,
      [
        SQLText.array(requests.map({ $0.role.text })), SQLText.array(requests.map({ $0.kind.rawValue })),
        SQLText.array(requests.map({ $0.privilege })), SQLText.array(requests.map { $0.isWanted ? "t" : "f" }),
        SQLText.array(requests.map { $0.isOfMembersOnly ? "t" : "f" }), SQLText.array(makers.map({ $0.name.text })),
        SQLText.array(makers.map { $0.isMember ? "t" : "f" }),
        SQLText.array(requests.map { $0.isSafe ? "t" : "f" }), SQLText.array(questions.givers.map({ $0.text })),
        place?.objectClass ?? "-1", place?.object ?? "0", place?.right ?? "", place?.isWanted ?? "f",
        limit.map { String($0) },
      ]
    ) { row throws(CatalogMismatch) in
      let role = try row.name()
      let kind = try row.value("a kind of object") { ObjectKind(rawValue: $0) }
      let target: PrivilegeGap.Target = try row.isTrue() ? .future(of: try row.text()) : .object(try row.text())
      let privileges = try row.text().utf8.split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
      let isMissing = try row.isTrue()
      return (
        PrivilegeGap(role: role, kind: kind, target: target, privileges: privileges, isMissing: isMissing),
        GapPlace(
          objectClass: try row.text(), object: try row.text(), right: try row.text(), isWanted: isMissing ? "t" : "f")
      )
    }
  }
}
