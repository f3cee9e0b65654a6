#define _GNU_SOURCE
#include "CLinux.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static int outcome(int result) { return result < 0 ? -errno : result; }

const char *postern_error_text(int code) { return strerror(code); }

int postern_is_missing(int code) { return code == ENOENT || code == ENOTDIR; }

int postern_open_reading(const char *path) { return outcome(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)); }

int postern_create(const char *path, unsigned int mode) {
  return outcome(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, (mode_t)mode));
}

long postern_read(int descriptor, void *buffer, size_t count) {
  ssize_t result;
  do result = read(descriptor, buffer, count);
  while (result < 0 && errno == EINTR);
  return result < 0 ? -errno : result;
}

int postern_write(int descriptor, const void *buffer, size_t count) {
  const char *next = buffer;
  while (count > 0) {
    ssize_t written = write(descriptor, next, count);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return -errno;
    next += written;
    count -= (size_t)written;
  }
  return 0;
}

int postern_close(int descriptor) { return outcome(close(descriptor)); }
int postern_rename(const char *from, const char *to) { return outcome(rename(from, to)); }
int postern_unlink(const char *path) { return outcome(unlink(path)); }
int postern_exists(const char *path) { return access(path, F_OK) == 0; }
int postern_make_directory(const char *path, unsigned int mode) { return outcome(mkdir(path, (mode_t)mode)); }

long postern_read_link(const char *path, char *buffer, size_t size) {
  ssize_t length = readlink(path, buffer, size);
  return length < 0 ? -errno : length;
}

void *postern_open_directory(const char *path, int *error) {
  DIR *directory = opendir(path);
  *error = directory == NULL ? -errno : 0;
  return directory;
}

const char *postern_next_name(void *directory) {
  struct dirent *entry = readdir(directory);
  return entry == NULL ? NULL : entry->d_name;
}

void postern_close_directory(void *directory) { closedir(directory); }

static int64_t milliseconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t postern_monotonic_milliseconds(void) { return milliseconds(CLOCK_MONOTONIC); }
int64_t postern_wall_milliseconds(void) { return milliseconds(CLOCK_REALTIME); }
void postern_sleep(int milliseconds) { poll(NULL, 0, milliseconds); }
const char *postern_environment(const char *name) { return getenv(name); }
int postern_process_identifier(void) { return getpid(); }
void postern_exit(int code) { exit(code); }
void postern_release_memory(void) { malloc_trim(0); }

void postern_keep_large_memory_apart(void) { mallopt(M_MMAP_THRESHOLD, 1 << 20); }

void postern_raise_file_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

/* Linux has a nice value for each thread (setpriority(2), "C library/kernel differences"). */
void postern_yield_to_others(void) { setpriority(PRIO_PROCESS, 0, 10); }

/* A segment that the file marks as not writable holds nothing but the file's bytes, so it can be read again. Data that
   becomes read-only after relocation is in a writable segment. */
static int release_segments(struct dl_phdr_info *program, size_t size, void *context) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  (void)size, (void)context;
  for (int index = 0; index < program->dlpi_phnum; index++) {
    const ElfW(Phdr) *segment = &program->dlpi_phdr[index];
    if (segment->p_type != PT_LOAD || segment->p_flags & PF_W) continue;
    uintptr_t start = (program->dlpi_addr + segment->p_vaddr + page - 1) & ~(page - 1);
    uintptr_t end = (program->dlpi_addr + segment->p_vaddr + segment->p_filesz) & ~(page - 1);
    if (start < end) madvise((void *)start, end - start, MADV_DONTNEED);
  }
  return 1; /* the program is first; libraries are others' as well */
}

void postern_release_program(void) { dl_iterate_phdr(release_segments, NULL); }

static volatile sig_atomic_t stop_requested;
static volatile sig_atomic_t grace;
static int signal_pipe[2] = {-1, -1};

static void on_stop(int signal) {
  int saved = errno;
  struct itimerval timer = {{0, 0}, {grace / 1000, grace % 1000 * 1000}};
  (void)signal;
  stop_requested = 1;
  setitimer(ITIMER_REAL, &timer, NULL);
  if (write(signal_pipe[1], "", 1) < 0) errno = 0;
  errno = saved;
}

static void on_grace_over(int signal) {
  (void)signal;
  _exit(0);
}

int postern_stop_requested(void) { return stop_requested; }

int postern_catch_signals(int grace_milliseconds) {
  struct sigaction action = {0};
  sigset_t caught;
  if (signal_pipe[0] < 0 && pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) < 0) return -errno;
  grace = grace_milliseconds;
  action.sa_flags = SA_RESTART;
  action.sa_handler = on_grace_over;
  if (sigaction(SIGALRM, &action, NULL) < 0) return -errno;
  action.sa_handler = on_stop;
  if (sigaction(SIGTERM, &action, NULL) < 0 || sigaction(SIGINT, &action, NULL) < 0) return -errno;
  action.sa_handler = SIG_IGN;
  if (sigaction(SIGPIPE, &action, NULL) < 0) return -errno;
  // A parent may have blocked these signals, and a mask survives exec. Then nobody could end this process.
  sigemptyset(&caught);
  sigaddset(&caught, SIGTERM);
  sigaddset(&caught, SIGINT);
  sigaddset(&caught, SIGALRM);
  return outcome(sigprocmask(SIG_UNBLOCK, &caught, NULL));
}

int postern_watch_open(void) { return outcome(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)); }

int postern_watch_add(int watch, const char *path) {
  return outcome(inotify_add_watch(watch, path,
                                   IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                       IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR));
}

int postern_wait(int first, int is_written, int second, int meanwhile, int timeout_milliseconds) {
  struct pollfd sources[3] = {
      {first, is_written ? POLLOUT : POLLIN, 0}, {second, POLLIN, 0}, {meanwhile, POLLIN, 0}};
  int result = 0;
  if (poll(sources, 3, timeout_milliseconds) < 0) return errno == EINTR ? 0 : -errno;
  if (sources[0].revents != 0 || sources[1].revents != 0) result |= POSTERN_READABLE;
  if (sources[2].revents != 0) result |= POSTERN_MEANWHILE;
  return result;
}

int postern_listen(int port) {
  int on = 1, off = 0, failure;
  struct sockaddr_in6 any6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
  struct sockaddr_in any4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  int is6 = 1, listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener >= 0 && (setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) < 0 ||
                        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
                        bind(listener, (struct sockaddr *)&any6, sizeof any6) < 0)) {
    failure = -errno;
    close(listener);
    if (failure != -EADDRNOTAVAIL) return failure;
    listener = -1;
  }
  // There is no IPv6, or it is turned off.
  if (listener < 0) {
    is6 = 0;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  }
  if (listener < 0) return -errno;
  if ((!is6 && (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
                bind(listener, (struct sockaddr *)&any4, sizeof any4) < 0)) ||
      listen(listener, 64) < 0) {
    failure = -errno;
    close(listener);
    return failure;
  }
  return listener;
}

int postern_accept(int listener) { return outcome(accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)); }
long postern_nothing_yet(void) { return -EAGAIN; }

long postern_receive(int connection, void *buffer, size_t count) {
  ssize_t result;
  do result = recv(connection, buffer, count, MSG_DONTWAIT);
  while (result < 0 && errno == EINTR);
  return result < 0 ? -errno : result;
}

long postern_send(int connection, const void *buffer, size_t count) {
  ssize_t result;
  do result = send(connection, buffer, count, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (result < 0 && errno == EINTR);
  return result < 0 ? -errno : result;
}

int postern_poll_open(void) { return outcome(epoll_create1(EPOLL_CLOEXEC)); }

int postern_poll_expect(int poll, int descriptor, int expectation, int is_new) {
  struct epoll_event event = {.data.fd = descriptor};
  event.events = expectation == POSTERN_EXPECT_BYTES  ? EPOLLIN
                 : expectation == POSTERN_EXPECT_ROOM ? EPOLLOUT
                                                      : EPOLLRDHUP;
  return outcome(epoll_ctl(poll, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, &event));
}

int postern_timer_open(void) { return outcome(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)); }

int postern_timer_set(int timer, int milliseconds) {
  struct itimerspec time = {{0, 0}, {milliseconds / 1000, milliseconds % 1000 * 1000000L}};
  return outcome(timerfd_settime(timer, 0, &time, NULL));
}

int postern_watch_wait(int watch, int descriptor, int meanwhile, int timeout_milliseconds) {
  struct pollfd sources[4] = {
      {watch, POLLIN, 0}, {signal_pipe[0], POLLIN, 0}, {descriptor, POLLIN, 0}, {meanwhile, POLLIN, 0}};
  char events[4096];
  int result = 0;
  // A signal that interrupts the wait has written its byte into the pipe.
  if (poll(sources, 4, timeout_milliseconds) < 0 && poll(sources, 4, 0) < 0) return outcome(-1);
  if (sources[0].revents != 0) {
    result |= POSTERN_FILES_CHANGED;
    // It does not matter what changed: all files are read again.
    while (read(watch, events, sizeof events) > 0) continue;
  }
  if (sources[2].revents != 0) result |= POSTERN_READABLE;
  if (sources[3].revents != 0) result |= POSTERN_MEANWHILE;
  if (stop_requested) result |= POSTERN_STOP_REQUESTED;
  return result;
}

static volatile sig_atomic_t child;
static volatile sig_atomic_t end_of_child;

static void on_end_of_child(int signal) {
  int saved = errno;
  end_of_child = signal;
  if (child > 0) kill(child, signal);
  errno = saved;
}

static char **pointers(const char *texts, int count) {
  char **list = calloc((size_t)count + 1, sizeof *list);
  for (int index = 0; list && index < count; index++) {
    list[index] = (char *)texts;
    texts += strlen(texts) + 1;
  }
  return list;
}

int postern_run_child(const char *program, const char *arguments, int argument_count, const char *environment,
                      int variable_count) {
  static const int ignored[] = {SIGINT, SIGQUIT}, passed_on[] = {SIGTERM, SIGHUP};
  struct sigaction action = {0}, old_ignored[2], old_passed_on[2], old_ended;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t files;
  sigset_t defaults, none, wanted, old_mask;
  char **argv = pointers(arguments, argument_count), **envp = pointers(environment, variable_count);
  int result, status = 0;
  pid_t started = 0;

  // Where a parent has had it ignored, nothing would tell how the child has ended (wait(2), "NOTES").
  action.sa_handler = SIG_DFL;
  sigaction(SIGCHLD, NULL, &old_ended);
  if (!(old_ended.sa_flags & SA_SIGINFO) && old_ended.sa_handler == SIG_IGN) sigaction(SIGCHLD, &action, NULL);
  action.sa_handler = SIG_IGN;
  for (int index = 0; index < 2; index++) sigaction(ignored[index], &action, &old_ignored[index]);
  action.sa_flags = SA_RESTART;
  action.sa_handler = on_end_of_child;
  end_of_child = 0;
  for (int index = 0; index < 2; index++) sigaction(passed_on[index], &action, &old_passed_on[index]);

  // A parent may have blocked these signals, and a mask survives exec.
  sigemptyset(&wanted);
  for (int index = 0; index < 2; index++) sigaddset(&wanted, passed_on[index]);
  pthread_sigmask(SIG_UNBLOCK, &wanted, &old_mask);

  sigemptyset(&none);
  sigemptyset(&defaults);
  for (int index = 0; index < 2; index++) {
    sigaddset(&defaults, ignored[index]);
    sigaddset(&defaults, passed_on[index]);
  }
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addclosefrom_np(&files, 3);

  result = argv && envp ? posix_spawn(&started, program, &files, &attributes, argv, envp) : ENOMEM;
  if (result == 0) {
    child = started;
    if (end_of_child) kill(started, end_of_child);
    while (waitpid(started, &status, 0) < 0 && errno == EINTR) {}
    child = 0;
    result = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  } else {
    result = -result;
  }
  for (int index = 0; index < 2; index++) {
    sigaction(ignored[index], &old_ignored[index], NULL);
    sigaction(passed_on[index], &old_passed_on[index], NULL);
  }
  sigaction(SIGCHLD, &old_ended, NULL);
  pthread_sigmask(SIG_SETMASK, &old_mask, NULL);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  free(argv);
  free(envp);
  return result;
}
