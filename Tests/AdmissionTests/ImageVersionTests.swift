import JSONBytes
import Testing

@testable import Admission

/// What an image's name says of its Postgres: the version, and where its data are.
@Suite struct ImageVersionTests {
  @Test(
    arguments: [
      ("postgres:16-alpine", 16, true), ("postgres:17.2-trixie", 17, true), ("postgres:17beta1", 17, true),
      ("postgres:18rc1", 18, true), ("postgres:18devel-x", 18, true), ("library/postgres:9.6", 9, true),
      ("docker.io/library/postgres:16@sha256:00", 16, true), ("localhost:5000/postgres:16", 16, false),
      ("public.ecr.aws/docker/library/postgres:13", 13, true), ("registry.example/docker.io/postgres:13", 13, false),
      ("supabase/postgres:15.8.1.060", 15, true), ("bitnami/postgresql:14.5.0", 14, true),
      ("ghcr.io/immich-app/postgres:14-vectorchord0.4.3-pgvectors0.2.0", 14, false),
      ("postgis/postgis:16-3.4", 16, true), ("timescale/timescaledb:2.17-pg15", 15, true),
      ("timescale/timescaledb-ha:pg16.4-ts2.17", 16, true), ("a/pgvector:0.8.0-pg17-trixie", 17, true),
      ("a/db:2.17pg15", 15, true), ("a/db:PG16", 16, true), ("a/db:app-pg9-x", 9, true),
      ("centos/postgresql-96-centos7", 9, true), ("a/postgresql-16:1", 16, true),
      ("a/postgres:9f3c2ab", nil, true), ("a/postgres:10af3c2", nil, true), ("a/postgis:11bc9d0e", nil, true),
      ("a/postgres:13ab12c", nil, true), ("a/postgres:13e4", nil, true), ("postgres:14b", nil, true),
      ("a/db:imgpg12", nil, true), ("a/db:pg12ab", nil, true), ("a/db:pg9f-pg17", 17, true),
      ("a/postgresql-15b:1", nil, true),
      ("postgres:latest", nil, true), ("postgres@sha256:16", nil, true), ("postgres", nil, true),
      ("a/postgres:20230628", nil, true), ("a/postgres:7", nil, true), ("citusdata/citus:11.3", nil, true),
    ] as [(String, Int?, Bool)])
  func theVersionIsInTheTag(image: String, number: Int?, isSure: Bool) {
    let version = ImageReference(image).postgresVersion
    #expect(version == number.map { ImageReference.PostgresVersion(number: $0, isSure: isSure) })
  }

  /// The official image has its data elsewhere from 18 on.
  @Test(
    arguments: [
      ("postgres:18", ["/var/lib/postgresql/data"], "ends at once"),
      ("postgres:18", ["/var/lib/postgresql", "/var/lib/postgresql/data/"], "ends at once"),
      (
        "registry.example/postgis:18-3.6", ["/var/lib/postgresql/data"],
        "copies of the official Postgres 18 end with a volume"
      ),
      ("dhi.io/postgres:17-alpine3.22", ["/var/lib/postgresql"], "copies of the official Postgres 17 keep no data"),
      ("pgvector/pgvector:pg18", ["/var/lib/postgresql/data"], "ends at once"),
      ("postgres:18", ["/var/lib/postgresql"], nil), ("postgres:18", ["/var/lib/postgresql/18/docker"], nil),
      ("postgres:17", ["/var/lib/postgresql"], "keeps no data"), ("postgres:17", ["/var/lib/postgresql/data"], nil),
      ("postgres:17", ["/var/lib/postgresql", "/var/lib/postgresql/data"], nil),
      ("postgres:17", ["/var/lib"], nil), ("postgres:latest", ["/var/lib/postgresql/data"], nil),
      ("supabase/postgres:18.1", ["/var/lib/postgresql/data"], nil),
      ("timescale/timescaledb-ha:pg18", ["/var/lib/postgresql/data"], nil), ("postgres:18", [], nil),
    ] as [(String, [String], String?)])
  func aVolumeInTheWrongPlaceIsWarnedOf(image: String, mounts: [String], message: String?) throws {
    let list = mounts.map { #"{"name":"data","mountPath":"\#($0)"}"# }.joined(separator: ",")
    func warnings(_ more: String) throws -> [String] {
      let spec = #"{"containers":[{"name":"db","image":"\#(image)","volumeMounts":[\#(list)]\#(more)}]}"#
      let bare = try pod(metadata: #","annotations":{"postern.io/users":"shop"}"#).adding("/spec", spec)
      let workload = try deployment(annotations: #"{"postern.io/users":"shop"}"#, podSpec: spec, kind: "StatefulSet")
      let replies = [try post(bare, .mutate), try post(workload, .validate)]
      for reply in replies { #expect(reply.isAllowed, "\(reply.causes)") }
      #expect(replies[0].warnings == replies[1].warnings.filter { !$0.contains("Service") })
      let made = try post(bare.ownedByController("StatefulSet", "r"), .mutate)
      #expect(!made.warnings.contains { $0.contains("volume at") })
      return replies[0].warnings
    }
    let found = try warnings("")
    #expect(found.count == (message == nil ? 0 : 1), "\(found)")
    if let message {
      #expect(found.first?.contains(message) == true && found.first?.hasSuffix("…") == false, "\(found)")
    }
    // Something else may say where the data are.
    for more in [
      #","env":[{"name":"PGDATA","value":"/var/lib/postgresql/data/pgdata"}]"#,
      #","env":[{"name":"PGDATA","valueFrom":{"configMapKeyRef":{"name":"c","key":"k"}}}]"#,
      #","envFrom":[{"secretRef":{"name":"c"}}]"#, #","args":["postgres","-D","/data"]"#,
      #","command":["bash","-c","PGDATA=/data exec docker-entrypoint.sh postgres"]"#,
    ] {
      #expect(try !warnings(more).contains { $0.contains("volume at") })
    }
  }
}
