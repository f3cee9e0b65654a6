#pragma once

// The system calls that Swift cannot make by itself (variadic functions, errno, flexible structs), without the Glibc
// overlay, which Embedded Swift does not have. Unless a comment says otherwise, a call returns 0 or more on success,
// and the negated errno on failure.

#include <stddef.h>
#include <stdint.h>

const char *postern_error_text(int code);
int postern_is_missing(int code);
int postern_is_unread(int code);

int postern_open_reading(const char *path);
int postern_create(const char *path, unsigned int mode);
long postern_read(int descriptor, void *buffer, size_t count);
/// Writes the whole buffer.
int postern_write(int descriptor, const void *buffer, size_t count);
int postern_close(int descriptor);
int postern_is_terminal(int descriptor);
int postern_rename(const char *from, const char *to);
int postern_unlink(const char *path);
int postern_exists(const char *path);
int postern_make_directory(const char *path, unsigned int mode);
long postern_read_link(const char *path, char *buffer, size_t size);

int64_t postern_monotonic_milliseconds(void);
int64_t postern_wall_milliseconds(void);
/// Sleeps; ends early if a signal arrives.
void postern_sleep(int milliseconds);
const char *postern_environment(const char *name);
int postern_process_identifier(void);
_Noreturn void postern_exit(int code);
/// Returns freed memory to the system.
void postern_release_memory(void);
/// Makes allocations of a MiB and more return to the system as soon as they are freed. By default, when the C library
/// frees the first large allocations, it begins to take others of their size from its heap, where small allocations
/// keep them from being returned.
void postern_keep_large_memory_apart(void);
/// Lets the process map so many further bytes at most, so that a larger allocation fails. Returns the limit of before,
/// for postern_end_memory_limit(); 0 where there is none to set.
uint64_t postern_limit_memory(uint64_t further);
void postern_end_memory_limit(uint64_t before);
/// Raises the limit of open files to the most that the process may have; container runtimes start it with 1,024.
void postern_raise_file_limit(void);
/// Lowers the priority of the calling thread, so that other threads run first when there are not enough cores.
void postern_yield_to_others(void);
/// How many cores the calling thread may run on (sched_getaffinity(2)); INT_MAX where the system does not say.
int postern_usable_cores(void);
/// Unmaps the program's code and constants. Where they are needed, the system reads them again, page by page, from the
/// file or from its cache.
void postern_release_program(void);

/// From now on SIGTERM and SIGINT do not end the process but request its end, and SIGPIPE is an error of the write. A
/// process that has not ended `grace_milliseconds` after the request is ended, with exit code 0.
int postern_catch_signals(int grace_milliseconds);
/// Whether the process was asked to end.
int postern_stop_requested(void);

int postern_watch_open(void);
/// Watches a folder. Watching it a second time is not an error.
int postern_watch_add(int watch, const char *path);

enum {
  POSTERN_FILES_CHANGED = 1,
  POSTERN_STOP_REQUESTED = 2,
  POSTERN_READABLE = 4,
  POSTERN_MEANWHILE = 8,
};

enum {
  POSTERN_EXPECT_BYTES,
  POSTERN_EXPECT_ROOM,
  POSTERN_EXPECT_END,
};

/// Waits for changes, for the signals, for `descriptor` and `meanwhile` to be readable (unless they are negative), or
/// until the timeout has passed (never if it is negative). Returns what has happened.
int postern_watch_wait(int watch, int descriptor, int meanwhile, int timeout_milliseconds);
/// Waits until `first` is readable (or writable, if `is_written`) or its other end is closed, or until `second` or
/// `meanwhile` is readable. Negative descriptors are ignored, and a negative timeout never passes. Returns what has
/// happened.
int postern_wait(int first, int is_written, int second, int meanwhile, int timeout_milliseconds);

/// Makes a non-blocking socket that listens on a port of all addresses, of IPv6 and of IPv4 if there are both.
int postern_listen(int port);
/// Accepts a connection, which is non-blocking.
int postern_accept(int listener);
/// The result of receiving and sending when nothing can be done yet.
long postern_nothing_yet(void);
long postern_receive(int connection, void *buffer, size_t count);
long postern_send(int connection, const void *buffer, size_t count);
/// Makes a descriptor that stands for many others and can be used in poll(2).
int postern_poll_open(void);
/// Sets the event that is expected on one of them; `is_new` adds it. Closing the descriptor removes it.
int postern_poll_expect(int poll, int descriptor, int expectation, int is_new);
/// Makes a descriptor that becomes readable when a time has passed.
int postern_timer_open(void);
/// Sets the time; 0 stops the timer.
int postern_timer_set(int timer, int milliseconds);

/// From now on SIGINT, SIGQUIT, SIGTERM and SIGHUP are noted and do not end the process; those that it ignores, as nohup(1) has it
/// ignore SIGHUP, it still ignores.
void postern_note_signals(void);
/// The first of them that came; 0 where none did.
int postern_noted_signal(void);

// Of programs: `arguments` and `environment` are so many texts, each ended by a NUL. Without an environment or a folder,
// the program has this process's. It has no descriptors but its three streams, and handles signals as by default.

/// Runs a program to its end, with this process's files, terminal and process group. Meanwhile SIGINT and SIGQUIT, which
/// a terminal sends to both, are the program's alone; SIGTERM and SIGHUP are passed on to it, and so is the signal that was noted
/// before. Returns its exit status, or 128 and the number of the signal that ended it, as a shell does.
int postern_run_child(const char *program, const char *arguments, int argument_count, const char *environment,
                      int variable_count, const char *folder);

struct postern_child;

enum {
  POSTERN_CHILD_OUTPUT = 1,
  POSTERN_CHILD_ERRORS = 2,
  POSTERN_CHILD_ENDED = 4,
  POSTERN_SIGNALLED = 256,
};

/// Starts a program. All calls but the last may come from any threads.
/// - `streams`: three descriptors above 2, its input, its output and its errors; this process's own where negative.
/// - `leads_group`: whether it is in a process group of its own, which the terminal sends no signals.
/// Null where it cannot be started, with the negated errno in `error`.
struct postern_child *postern_child_start(const char *program, const char *arguments, int argument_count,
                                          const char *environment, int variable_count, const char *folder,
                                          const int *streams, int leads_group, int *error);
int postern_child_identifier(const struct postern_child *child);
/// -1 while it runs; then its exit status, or POSTERN_SIGNALLED and the number of the signal that ended it.
int postern_child_end(struct postern_child *child);
/// Waits until one of two descriptors can be read or is at its end, or the child has ended, or until the timeout has
/// passed (never if it is negative). Negative descriptors are ignored. Returns what has happened.
int postern_child_wait(struct postern_child *child, int output, int errors, int timeout_milliseconds);
/// Sends it a signal, if it has not ended.
int postern_child_signal(struct postern_child *child, int signal);
/// Kills it, with its process group if it leads one.
void postern_child_kill(struct postern_child *child);
/// Forgets a child. One that has not ended becomes a zombie.
void postern_child_free(struct postern_child *child);

// Descriptors above 2 for a child's streams.
int postern_open_nothing(void);
int postern_open_appending(const char *path, unsigned int mode);
/// A file without a name that holds these bytes.
int postern_open_bytes(const void *bytes, size_t count);
int postern_pipe(int *reading, int *writing);
/// How many bytes can be read of a pipe at once.
long postern_bytes_waiting(int descriptor);

/// Whether a path is that of a file that may be run.
int postern_is_program(const char *path);
int postern_is_folder(const char *path);
/// Whether an error is that something is not permitted.
int postern_may_not(int code);
/// Whether an error is that a file is not in the form of a program.
int postern_is_no_program(int code);
