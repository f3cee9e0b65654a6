import JSONBytes
import Testing

@testable import Admission

/// What an image's name says of its Postgres: the version.
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
}
