#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <malloc.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static int outcome(int result) { return result < 0 ? -errno : result; }

const char *postern_error_text(int code) { return strerror(code); }

int postern_is_missing(int code) { return code == ENOENT || code == ENOTDIR; }

int postern_is_unread(int code) { return code == EPIPE; }

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

int postern_is_terminal(int descriptor) { return isatty(descriptor); }
int postern_rename(const char *from, const char *to) { return outcome(rename(from, to)); }
int postern_unlink(const char *path) { return outcome(unlink(path)); }
int postern_exists(const char *path) { return access(path, F_OK) == 0; }
int postern_make_directory(const char *path, unsigned int mode) { return outcome(mkdir(path, (mode_t)mode)); }

long postern_read_link(const char *path, char *buffer, size_t size) {
  ssize_t length = readlink(path, buffer, size);
  return length < 0 ? -errno : length;
}

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

/* The first number of /proc/self/statm is what is mapped, in pages (proc(5)); that is what the kernel compares. */
uint64_t postern_limit_memory(uint64_t further) {
  struct rlimit limit;
  char text[32];
  int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  if (length <= 0 || getrlimit(RLIMIT_AS, &limit) != 0) return 0;
  text[length] = 0;
  uint64_t mapped = strtoull(text, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
  rlim_t before = limit.rlim_cur;
  if (mapped == 0 || (before != RLIM_INFINITY && before <= mapped + further)) return 0;
  limit.rlim_cur = mapped + further;
  return setrlimit(RLIMIT_AS, &limit) == 0 ? before : 0;
}

void postern_end_memory_limit(uint64_t before) {
  struct rlimit limit;
  if (before == 0 || getrlimit(RLIMIT_AS, &limit) != 0) return;
  limit.rlim_cur = before;
  setrlimit(RLIMIT_AS, &limit);
}

void postern_raise_file_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

/* Linux has a nice value for each thread (setpriority(2), "C library/kernel differences"). */
void postern_yield_to_others(void) { setpriority(PRIO_PROCESS, 0, 10); }

int postern_usable_cores(void) {
  cpu_set_t cores;
  return sched_getaffinity(0, sizeof cores, &cores) < 0 ? INT_MAX : CPU_COUNT(&cores);
}

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

static int is_ignored(int signal) {
  struct sigaction action;
  return sigaction(signal, NULL, &action) == 0 && !(action.sa_flags & SA_SIGINFO) && action.sa_handler == SIG_IGN;
}

static volatile sig_atomic_t noted_signal;

static void note_signal(int signal) {
  if (noted_signal == 0) noted_signal = signal;
}

void postern_note_signals(void) {
  static const int noted[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};
  struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART};
  sigset_t wanted;
  sigemptyset(&wanted);
  for (int index = 0; index < 4; index++) {
    sigaddset(&wanted, noted[index]);
    if (!is_ignored(noted[index])) sigaction(noted[index], &action, NULL);
  }
  // A parent may have blocked these signals, and a mask survives exec.
  pthread_sigmask(SIG_UNBLOCK, &wanted, NULL);
}

int postern_noted_signal(void) { return noted_signal; }

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

/* Where a parent has had it ignored, nothing would tell how a child has ended (wait(2), "NOTES"). */
static void mind_ends_of_children(void) {
  struct sigaction action = {0};
  action.sa_handler = SIG_DFL;
  if (is_ignored(SIGCHLD)) sigaction(SIGCHLD, &action, NULL);
}

static int spawn(pid_t *started, const char *program, const char *arguments, int argument_count,
                 const char *environment, int variable_count, const char *folder, const int *streams,
                 int leads_group) {
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t files;
  sigset_t all, none;
  char **argv = pointers(arguments, argument_count);
  char **own = environment ? pointers(environment, variable_count) : NULL, **envp = environment ? own : environ;
  int result = argv && envp ? 0 : ENOMEM;

  mind_ends_of_children();
  // What this process ignores or blocks would otherwise be ignored or blocked by the program.
  sigfillset(&all);
  // But nohup(1) is meant for all that a command runs.
  if (is_ignored(SIGHUP)) sigdelset(&all, SIGHUP);
  sigemptyset(&none);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, (short)(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
                                                (leads_group ? POSIX_SPAWN_SETPGROUP : 0)));
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawn_file_actions_init(&files);
  if (result == 0 && folder) result = posix_spawn_file_actions_addchdir_np(&files, folder);
  for (int index = 0; result == 0 && index < 3; index++)
    if (streams[index] >= 0) result = posix_spawn_file_actions_adddup2(&files, streams[index], index);
  if (result == 0) result = posix_spawn_file_actions_addclosefrom_np(&files, 3);
  // A program that was written a moment ago is busy for as long as a child that another thread starts just then has not
  // closed its copy of the descriptor.
  for (int attempt = 0; result == 0 && attempt < 200; attempt++) {
    int failure = posix_spawn(started, program, &files, &attributes, argv, envp);
    if (failure == 0) break;
    if (failure != ETXTBSY || attempt == 199) result = failure;
    else poll(NULL, 0, 5);
  }
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  free(argv);
  free(own);
  return -result;
}

int postern_run_child(const char *program, const char *arguments, int argument_count, const char *environment,
                      int variable_count, const char *folder) {
  static const int ignored[] = {SIGINT, SIGQUIT}, passed_on[] = {SIGTERM, SIGHUP}, own[] = {-1, -1, -1};
  struct sigaction action = {0}, old_ignored[2], old_passed_on[2];
  sigset_t wanted, old_mask;
  int result, status = 0;
  pid_t started = 0;

  action.sa_handler = SIG_IGN;
  for (int index = 0; index < 2; index++) sigaction(ignored[index], &action, &old_ignored[index]);
  action.sa_flags = SA_RESTART;
  action.sa_handler = on_end_of_child;
  end_of_child = 0;
  for (int index = 0; index < 2; index++) {
    int was_ignored = is_ignored(passed_on[index]);
    sigaction(passed_on[index], was_ignored ? NULL : &action, &old_passed_on[index]);
  }
  // From here on all come to the program.
  if (noted_signal) end_of_child = noted_signal;

  // A parent may have blocked these signals, and a mask survives exec.
  sigemptyset(&wanted);
  for (int index = 0; index < 2; index++) sigaddset(&wanted, passed_on[index]);
  pthread_sigmask(SIG_UNBLOCK, &wanted, &old_mask);

  result = spawn(&started, program, arguments, argument_count, environment, variable_count, folder, own, 0);
  if (result == 0) {
    child = started;
    if (end_of_child) kill(started, end_of_child);
    while (waitpid(started, &status, 0) < 0 && errno == EINTR) {}
    child = 0;
    result = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }
  for (int index = 0; index < 2; index++) {
    sigaction(ignored[index], &old_ignored[index], NULL);
    sigaction(passed_on[index], &old_passed_on[index], NULL);
  }
  pthread_sigmask(SIG_SETMASK, &old_mask, NULL);
  return result;
}

/* A child is reaped under its lock alone, so that no signal goes to another process with the same number. */
struct postern_child {
  pthread_mutex_t lock;
  pid_t identifier;
  int leads_group;
  /* It can be read when the child has ended. -1 where the system has no such thing (Linux before 5.3). */
  int end;
  int has_ended;
  int status;
};

struct postern_child *postern_child_start(const char *program, const char *arguments, int argument_count,
                                          const char *environment, int variable_count, const char *folder,
                                          const int *streams, int leads_group, int *error) {
  struct postern_child *started = calloc(1, sizeof *started);
  *error = -ENOMEM;
  if (!started) return NULL;
  *error = spawn(&started->identifier, program, arguments, argument_count, environment, variable_count, folder, streams,
                 leads_group);
  if (*error < 0) {
    free(started);
    return NULL;
  }
  pthread_mutex_init(&started->lock, NULL);
  started->leads_group = leads_group;
  started->end = (int)syscall(SYS_pidfd_open, started->identifier, 0);
  return started;
}

int postern_child_identifier(const struct postern_child *child) { return child->identifier; }

int postern_child_end(struct postern_child *child) {
  int result = -1, status;
  pthread_mutex_lock(&child->lock);
  if (!child->has_ended) {
    pid_t ended = waitpid(child->identifier, &status, WNOHANG);
    if (ended == child->identifier) {
      child->has_ended = 1;
      child->status = WIFSIGNALED(status) ? POSTERN_SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
    } else if (ended < 0) { // Somebody else has taken it.
      child->has_ended = 1;
      child->status = POSTERN_SIGNALLED;
    }
  }
  if (child->has_ended) result = child->status;
  pthread_mutex_unlock(&child->lock);
  return result;
}

int postern_child_wait(struct postern_child *child, int output, int errors, int timeout_milliseconds) {
  int64_t deadline = milliseconds(CLOCK_MONOTONIC) + timeout_milliseconds;
  for (;;) {
    // What it has written is there when it has ended. So its pipes are looked at after its end.
    int has_ended = postern_child_end(child) >= 0, result = has_ended ? POSTERN_CHILD_ENDED : 0;
    int64_t left = timeout_milliseconds < 0 ? INT_MAX : deadline - milliseconds(CLOCK_MONOTONIC);
    int wait = has_ended || left < 0 ? 0 : (int)left;
    if (child->end < 0 && wait > 10) wait = 10;
    struct pollfd sources[3] = {
        {output, POLLIN, 0}, {errors, POLLIN, 0}, {has_ended ? -1 : child->end, POLLIN, 0}};
    if (poll(sources, 3, wait) < 0 && errno != EINTR) return -errno;
    if (sources[0].revents != 0) result |= POSTERN_CHILD_OUTPUT;
    if (sources[1].revents != 0) result |= POSTERN_CHILD_ERRORS;
    if (result != 0 || left <= 0) return result;
  }
}

int postern_child_signal(struct postern_child *child, int signal) {
  int result = 0;
  pthread_mutex_lock(&child->lock);
  if (!child->has_ended) result = kill(child->identifier, signal);
  pthread_mutex_unlock(&child->lock);
  return outcome(result);
}

void postern_child_kill(struct postern_child *child) {
  pthread_mutex_lock(&child->lock);
  if (!child->has_ended) kill(child->leads_group ? -child->identifier : child->identifier, SIGKILL);
  pthread_mutex_unlock(&child->lock);
}

void postern_child_free(struct postern_child *child) {
  pthread_mutex_destroy(&child->lock);
  if (child->end >= 0) close(child->end);
  free(child);
}

/* One of the numbers 0 to 2, which are free where this process has no such stream, would be in the way of a child's own. */
static int above_streams(int descriptor) {
  if (descriptor < 0) return -errno;
  if (descriptor > 2) return descriptor;
  int other = outcome(fcntl(descriptor, F_DUPFD_CLOEXEC, 3));
  close(descriptor);
  return other;
}

int postern_open_nothing(void) { return above_streams(open("/dev/null", O_RDWR | O_CLOEXEC)); }

int postern_open_appending(const char *path, unsigned int mode) {
  return above_streams(open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, (mode_t)mode));
}

int postern_open_bytes(const void *bytes, size_t count) {
  int file = above_streams(memfd_create("input", MFD_CLOEXEC));
  int written = file < 0 ? file : postern_write(file, bytes, count);
  if (written >= 0 && lseek(file, 0, SEEK_SET) < 0) written = -errno;
  if (written >= 0 || file < 0) return file;
  close(file);
  return written;
}

int postern_pipe(int *reading, int *writing) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return -errno;
  *reading = above_streams(ends[0]);
  *writing = above_streams(ends[1]);
  if (*reading >= 0 && *writing >= 0) return 0;
  int failure = *reading < 0 ? *reading : *writing;
  if (*reading >= 0) close(*reading);
  if (*writing >= 0) close(*writing);
  return failure;
}

long postern_bytes_waiting(int descriptor) {
  int count = 0;
  return ioctl(descriptor, FIONREAD, &count) < 0 ? -errno : count;
}

int postern_is_program(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

int postern_is_folder(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

int postern_may_not(int code) { return code == EACCES || code == EPERM; }
int postern_is_no_program(int code) { return code == ENOEXEC; }
