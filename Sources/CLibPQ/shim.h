#pragma once

#include <libpq-fe.h>

static inline void postern_pq_drop(void *context, const PGresult *notice) {}

/// Begins to connect as PQconnectStartParams does, with two differences. It drops notices from the first byte on; libpq would
/// print them to stderr, with the values that a script may show in them. And errors are verbose while it connects, so that
/// they contain the SQLSTATE: before there is a result, libpq has no function that returns it. Returns null if memory
/// is exhausted; else a connection, good or bad, that the caller must finish.
static inline PGconn *postern_pq_start(const char *const *keywords, const char *const *values) {
  PGconn *connection = PQconnectStartParams(keywords, values, 0);
  if (connection == NULL || PQstatus(connection) == CONNECTION_BAD) return connection;
  PQsetNoticeReceiver(connection, postern_pq_drop, NULL);
  PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
  return connection;
}
