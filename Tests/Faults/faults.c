// Makes chosen calls of the C library fail, for tests of what a program does then: built as a shared library and loaded by
// LD_PRELOAD.
//
// FAULTS holds rules, parted by semicolons: CALL ERROR FIRST COUNT PLACE, parted by blanks. Of the calls of CALL whose
// file's path contains PLACE (`*`: any), from the FIRST one on, from 1, COUNT (0: all) fail with ERROR, a number of <errno.h>;
// for 0 they move one byte instead of as many as they are asked for. Rules are looked at in their order, and all that match
// count a call; the first whose turn it is decides. A connection that is accepted has no path.
//
// CALL is one of open, read, pread, write, fsync, rename (whose place is the old or the new path) and accept4.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RULES_MAX = 8, NONE = -1 };

struct rule {
    char call[16];
    int error;
    long first;
    long count;
    char place[128];
    atomic_long seen;
};

static struct rule rules[RULES_MAX];
static int rule_count;

__attribute__((constructor)) static void read_rules(void) {
    const char *text = getenv("FAULTS");
    while (text != NULL && *text != 0) {
        struct rule *rule = &rules[rule_count];
        if (rule_count == RULES_MAX
            || sscanf(text, " %15[^ ;] %d %ld %ld %127[^ ;]", rule->call, &rule->error, &rule->first, &rule->count,
                      rule->place) != 5) {
            dprintf(STDERR_FILENO, "FAULTS: no rule: %s\n", text);
            _exit(70);
        }
        rule_count++;
        text = strchr(text, ';');
        if (text != NULL) text++;
    }
}

/// The error of this call, 0 for a short one, or NONE.
static int fault(const char *call, const char *path, const char *other) {
    int found = NONE;
    for (int i = 0; i < rule_count; i++) {
        struct rule *rule = &rules[i];
        if (strcmp(rule->call, call) != 0) continue;
        if (strcmp(rule->place, "*") != 0 && (path == NULL || strstr(path, rule->place) == NULL)
            && (other == NULL || strstr(other, rule->place) == NULL))
            continue;
        long number = atomic_fetch_add(&rule->seen, 1) + 1;
        int is_due = number >= rule->first && (rule->count == 0 || number < rule->first + rule->count);
        if (found == NONE && is_due) found = rule->error;
    }
    return found;
}

static int fault_of_descriptor(const char *call, int descriptor) {
    if (rule_count == 0) return NONE;
    int before = errno;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = 0;
    errno = before;
    return fault(call, path, NULL);
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define FAIL_OR_SHORTEN(call)                              \
    int found = fault_of_descriptor(call, descriptor);     \
    if (found > 0) {                                       \
        errno = found;                                     \
        return -1;                                         \
    }                                                      \
    if (found == 0 && count > 1) count = 1

ssize_t read(int descriptor, void *bytes, size_t count) {
    FAIL_OR_SHORTEN("read");
    return NEXT(read)(descriptor, bytes, count);
}

ssize_t pread(int descriptor, void *bytes, size_t count, off_t offset) {
    FAIL_OR_SHORTEN("pread");
    return NEXT(pread)(descriptor, bytes, count, offset);
}

ssize_t pread64(int descriptor, void *bytes, size_t count, off64_t offset) {
    FAIL_OR_SHORTEN("pread");
    return NEXT(pread64)(descriptor, bytes, count, offset);
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
    FAIL_OR_SHORTEN("write");
    return NEXT(write)(descriptor, bytes, count);
}

int fsync(int descriptor) {
    int found = fault_of_descriptor("fsync", descriptor);
    if (found > 0) {
        errno = found;
        return -1;
    }
    return NEXT(fsync)(descriptor);
}

int rename(const char *from, const char *to) {
    int found = fault("rename", from, to);
    if (found > 0) {
        errno = found;
        return -1;
    }
    return NEXT(rename)(from, to);
}

#define OPEN(name)                                             \
    int name(const char *path, int flags, ...) {               \
        va_list list;                                          \
        va_start(list, flags);                                 \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(list, mode_t) : 0; \
        va_end(list);                                          \
        int found = fault("open", path, NULL);                 \
        if (found > 0) {                                       \
            errno = found;                                     \
            return -1;                                         \
        }                                                      \
        return NEXT(name)(path, flags, mode);                  \
    }

OPEN(open)
OPEN(open64)

#define FOPEN(name)                                            \
    FILE *name(const char *path, const char *mode) {           \
        int found = fault("open", path, NULL);                 \
        if (found > 0) {                                       \
            errno = found;                                     \
            return NULL;                                       \
        }                                                      \
        return NEXT(name)(path, mode);                         \
    }

FOPEN(fopen)
FOPEN(fopen64)

int accept4(int listener, struct sockaddr *address, socklen_t *length, int flags) {
    int found = fault("accept4", NULL, NULL);
    if (found > 0) {
        errno = found;
        return -1;
    }
    return NEXT(accept4)(listener, address, length, flags);
}
