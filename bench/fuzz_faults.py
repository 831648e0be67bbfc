"""A library for LD_PRELOAD whose system calls fail when the environment says so: FUZZ_FAULT="CALL ERRNO FIRST TIMES".

CALL is write, fsync, flock, rename, open, mkdir, unlink or truncate; it fails with ERRNO from its FIRST use on, TIMES
times (0: for good), on files below the current folder only, so that the interpreter itself goes on.
"""

import shutil
import subprocess
from pathlib import Path

__all__ = ["build"]

SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static int uses;

static int below(const char *path) {
    char here[PATH_MAX];
    if (!path) return 0;
    if (path[0] != '/') return 1;
    return getcwd(here, sizeof here) && strncmp(path, here, strlen(here)) == 0;
}

static int of_file(int fd) {
    char link[64], path[PATH_MAX];
    if (fd < 3) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < 0) return 0;
    path[n] = 0;
    return path[0] == '/' && below(path);
}

static int fails(const char *call, int is_ours) {
    char name[32]; int error, first, times;
    const char *plan = getenv("FUZZ_FAULT");
    if (!plan || !is_ours) return 0;
    if (sscanf(plan, "%31s %d %d %d", name, &error, &first, &times) != 4 || strcmp(name, call)) return 0;
    uses++;
    if (uses < first || (times && uses >= first + times)) return 0;
    errno = error;
    return 1;
}

#define REAL(type, name, ...) static type (*real)(__VA_ARGS__); if (!real) real = dlsym(RTLD_NEXT, name)

ssize_t write(int fd, const void *data, size_t size) {
    REAL(ssize_t, "write", int, const void *, size_t);
    return fails("write", of_file(fd)) ? -1 : real(fd, data, size);
}
int fsync(int fd) { REAL(int, "fsync", int); return fails("fsync", of_file(fd)) ? -1 : real(fd); }
int fdatasync(int fd) { REAL(int, "fdatasync", int); return fails("fsync", of_file(fd)) ? -1 : real(fd); }
int flock(int fd, int how) { REAL(int, "flock", int, int); return fails("flock", of_file(fd)) ? -1 : real(fd, how); }
int ftruncate(int fd, off_t size) {
    REAL(int, "ftruncate", int, off_t);
    return fails("truncate", of_file(fd)) ? -1 : real(fd, size);
}
int ftruncate64(int fd, off_t size) {
    REAL(int, "ftruncate64", int, off_t);
    return fails("truncate", of_file(fd)) ? -1 : real(fd, size);
}
int rename(const char *a, const char *b) {
    REAL(int, "rename", const char *, const char *);
    return fails("rename", below(b)) ? -1 : real(a, b);
}
int mkdir(const char *path, mode_t mode) {
    REAL(int, "mkdir", const char *, mode_t);
    return fails("mkdir", below(path)) ? -1 : real(path, mode);
}
int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    return fails("unlink", below(path)) ? -1 : real(path);
}

#define OPEN(symbol) \
int symbol(const char *path, int flags, ...) { \
    va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
    REAL(int, #symbol, const char *, int, mode_t); \
    return fails("open", below(path) && !(flags & O_DIRECTORY)) ? -1 : real(path, flags, mode); \
}
OPEN(open)
OPEN(open64)
"""


def build(folder: Path) -> Path | None:
    """The library, compiled in `folder`; None where there is no gcc."""
    gcc = shutil.which("gcc")
    if gcc is None:
        return None
    source, library = folder / "faults.c", folder / "faults.so"
    source.write_text(SOURCE, "utf-8")
    subprocess.run([gcc, "-shared", "-fPIC", "-O1", "-w", "-o", library, source, "-ldl"], check=True)
    return library
