#pragma once

// The system calls that Swift cannot make by itself (variadic functions, errno, flexible structs), without the Glibc
// overlay, which Embedded Swift does not have. Where nothing else is said, a call returns 0 or more when it went well,
// and the negated errno when it did not.

#include <stddef.h>
#include <stdint.h>

const char *postern_error_text(int code);
int postern_is_missing(int code);

int postern_open_reading(const char *path);
int postern_create(const char *path, unsigned int mode);
long postern_read(int descriptor, void *buffer, size_t count);
/// Writes all of it.
int postern_write(int descriptor, const void *buffer, size_t count);
int postern_close(int descriptor);
int postern_rename(const char *from, const char *to);
int postern_unlink(const char *path);
int postern_exists(const char *path);
int postern_make_directory(const char *path, unsigned int mode);
long postern_read_link(const char *path, char *buffer, size_t size);

/// Null where it cannot be opened, with the negated errno in `error`.
void *postern_open_directory(const char *path, int *error);
/// The next name; null after the last.
const char *postern_next_name(void *directory);
void postern_close_directory(void *directory);

int64_t postern_monotonic_milliseconds(void);
int64_t postern_wall_milliseconds(void);
/// Waits; less where a signal comes.
void postern_sleep(int milliseconds);
const char *postern_environment(const char *name);
int postern_process_identifier(void);
_Noreturn void postern_exit(int code);
/// Gives what was freed back to the system.
void postern_release_memory(void);
/// Gives allocations of a MiB and more back to the system as soon as they are freed. Without this, the C library keeps the first
/// ones that are freed, and from then on takes others of their size from its heap, where small ones keep them from being given back.
void postern_keep_large_memory_apart(void);
/// Lets the process open as many files as it may be allowed: container runtimes start it with 1,024.
void postern_raise_file_limit(void);
/// Unmaps the program's code and constants, which are read again from its file, or the system's cache of it, page by page
/// where they are needed.
void postern_release_program(void);

/// From now on SIGTERM and SIGINT do not end the process but ask it to end; SIGPIPE is an error of the write. Who has
/// not ended `grace_milliseconds` after being asked is ended, with exit code 0.
int postern_catch_signals(int grace_milliseconds);
/// Whether the process was asked to end.
int postern_stop_requested(void);

int postern_watch_open(void);
/// Watches a folder; a second time is no error.
int postern_watch_add(int watch, const char *path);

enum {
  POSTERN_FILES_CHANGED = 1,
  POSTERN_STOP_REQUESTED = 2,
  POSTERN_READABLE = 4,
};

/// Waits for changes, for the signals, for `descriptor` to be readable where it is not negative, or until the time is over
/// (never where it is negative); returns what there is.
int postern_watch_wait(int watch, int descriptor, int timeout_milliseconds);
/// Waits until `descriptor` is readable or has no other end; returns 0 where the time is over before.
int postern_wait_readable(int descriptor, int timeout_milliseconds);
