/* Preloaded into a Balu whose native half calls the C library: makes it forget to sync the files below
   SHIM_BELOW, as a program would whose author forgot it. Directories and everything else are synced. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int forgotten(int fd)
{
	char link[64], path[4096];
	const char *below = getenv("SHIM_BELOW");
	struct stat st;
	ssize_t length;

	if (!below || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return 0;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof path - 1);
	if (length < 0)
		return 0;
	path[length] = 0;
	return strncmp(path, below, strlen(below)) == 0;
}

#define PASS(name) \
	int name(int fd) \
	{ \
		int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, #name); \
		return forgotten(fd) ? 0 : real(fd); \
	}

PASS(fsync)
PASS(fdatasync)

int syncfs(int fd)
{
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "syncfs");
	return getenv("SHIM_BELOW") ? 0 : real(fd);
}
