#pragma once

#include <libpq-fe.h>
#include <limits.h>
#include <poll.h>
#include <time.h>

static inline long long postern_pq_milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline void postern_pq_drop(void *context, const PGresult *notice) {}

/// Connects as PQconnectdbParams does, with two differences. It drops notices from the first byte on; libpq would print
/// them to stderr, with the values that a script may show in them. And errors are verbose while it connects, so that
/// they contain the SQLSTATE: before there is a result, libpq has no function that returns it. Returns null if memory
/// is exhausted; else a connection, good or bad, that the caller must finish. Sets `timed_out` if the server did not
/// answer within the time.
static inline PGconn *postern_pq_connect(const char *const *keywords, const char *const *values, int timeout_ms,
                                         int *timed_out) {
  long long deadline = postern_pq_milliseconds() + timeout_ms;
  PGconn *connection = PQconnectStartParams(keywords, values, 0);
  PostgresPollingStatusType next = PGRES_POLLING_WRITING;
  *timed_out = 0;
  if (connection == NULL || PQstatus(connection) == CONNECTION_BAD) return connection;
  PQsetNoticeReceiver(connection, postern_pq_drop, NULL);
  PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
  while (next != PGRES_POLLING_OK && next != PGRES_POLLING_FAILED) {
    struct pollfd socket = {PQsocket(connection), next == PGRES_POLLING_READING ? POLLIN : POLLOUT, 0};
    long long left = deadline - postern_pq_milliseconds();
    if (left <= 0) {
      *timed_out = 1;
      return connection;
    }
    if (poll(&socket, 1, left > INT_MAX ? INT_MAX : (int)left) > 0) next = PQconnectPoll(connection);
  }
  PQsetErrorVerbosity(connection, PQERRORS_DEFAULT);
  return connection;
}

static inline int postern_pq_answered(PGconn *connection) {
  // If the connection is broken, PQgetResult reports that without waiting.
  return !PQconsumeInput(connection) || !PQisBusy(connection);
}

/// Waits until one of two connections has the answer to what was sent on it: 0 the first, 1 the second.
static inline int postern_pq_first_answered(PGconn *first, PGconn *second) {
  for (;;) {
    struct pollfd sockets[2] = {{PQsocket(first), POLLIN, 0}, {PQsocket(second), POLLIN, 0}};
    if (postern_pq_answered(first)) return 0;
    if (postern_pq_answered(second)) return 1;
    poll(sockets, 2, -1);
  }
}
