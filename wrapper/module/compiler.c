// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A module is compiled from the target file's notes, but not from the file itself:
 * a copy is made in which the notes are those of the sites that count (sdt.c) and
 * name no semaphores, since those are not SystemTap's business here (semaphore.c), and
 * which says that it is a program at fixed addresses: for a shared library SystemTap
 * would trace every mmap of every process of the machine, to find out where it lies,
 * which it need not know. The copy lies where the module will later look for its target
 * (paths_alias), in a mount namespace of the compiler's own, so that builds can run side
 * by side and nothing is left behind. The file's owner may write to it at any time: so
 * the macros are made from the copy, too, which must be the file that the plan was made of.
 */
#include "module/compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fail.h"
#include "base/paths.h"
#include "cpython/import_sites.h"
#include "module/elf_notes.h"
#include "module/kernel_view.h"
#include "module/script_macros.h"

/* Goes into the hash below: to be raised when elf_notes.c or script_macros.c changes. */
#define PREPARATION "8"

/* How every script is compiled. Losses are counted and shown, they end nothing. */
static const char *const flags[] = {
	"--suppress-handler-errors", "-DSTP_NO_OVERLOAD", "-DMAXSKIPPED=2147483647",
	"-DMAXACTION=100000",        "-DMAXTRYLOCK=5000", /* of 10 us: a lock's holder may be off
							     its virtual processor */
	"-DMAXSTRINGLEN=512", /* a name of a function or a file, escaped */
};

/*
 * The tapsets' C headers, for the module's compile: a link in the compiler's own /run, since the
 * kernel's make takes no folder with a space in its path.
 */
#define HEADERS PATHS_RUN "/headers"

#define N_FLAGS (sizeof(flags) / sizeof(flags[0]))

static void hash_text(crypto_hash_sha256_state *state, const char *path)
{
	unsigned char buf[65536];
	FILE *f = fopen(path, "re");
	size_t n;

	while (f && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		crypto_hash_sha256_update(state, buf, n);
	if (f)
		fclose(f);
}

int compiler_hash(const char *script, char out[PACK_HASH])
{
	unsigned char sum[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;
	char share[4096], path[4200];
	glob_t found = { 0 };
	int err = paths_share(share, sizeof(share));

	if (err)
		return err;
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const unsigned char *)PREPARATION, 1);
	for (size_t i = 0; i < N_FLAGS; i++)
		crypto_hash_sha256_update(&state, (const unsigned char *)flags[i],
					  strlen(flags[i]));
	snprintf(path, sizeof(path), "%s/stp/%s.stp", share, script);
	hash_text(&state, path);
	snprintf(path, sizeof(path), "%s/tapsets/*", share); /* headers, too */
	glob(path, 0, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc; i++)
		hash_text(&state, found.gl_pathv[i]);
	globfree(&found);
	crypto_hash_sha256_final(&state, sum);
	sodium_bin2hex(out, PACK_HASH, sum, sizeof(sum));
	return 0;
}

/* A copy of a file at path, with its markers as the plan has them. */
static int copy_file(const struct target_file *from, const char *path, struct target_file *to)
{
	off_t offset = 0;
	ssize_t n;
	int err;

	*to = (struct target_file){ .path = from->path };
	to->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0755);
	if (to->fd < 0)
		return -errno;
	while ((n = sendfile(to->fd, from->fd, &offset, 1 << 30)) > 0)
		;
	if (n < 0)
		return -errno;
	err = sdt_read(to->fd, from->path, &to->sdt, NULL);
	if (!err)
		bypass_imports(to->fd, &to->sdt);
	return err;
}

/* -ESTALE: the files are others by now than those that the plan was made of. */
static int copy_files(const struct plan *plan, const char *macros)
{
	struct target_file copies[PLAN_FILES];
	struct plan copy = *plan;
	char path[PATHS_RUN_MAX];
	int err = 0;

	if (mkdir(paths_folder(plan->sites, path), 0755))
		return -errno;
	for (int i = 0; i < plan->n_files && !err; i++) {
		err = copy_file(plan->files[i], paths_alias(plan->sites, i, path), &copies[i]);
		copy.files[i] = &copies[i];
		if (plan->files[i] == plan->file)
			copy.file = &copies[i];
	}
	if (!err)
		err = macros_identify(&copy);
	if (!err && strcmp(copy.sites, plan->sites) != 0)
		err = -ESTALE;
	if (!err)
		err = macros_write(&copy, macros);
	for (int i = 0; i < plan->n_files && !err; i++)
		err = notes_replace(copies[i].fd, &copies[i].sdt);
	return err;
}

/*
 * In the compiler's process: the copies, where the module will look for its target; none
 * for a page of the host.
 */
static int make_aliases(const struct plan *plan, const char *release, const char *folder,
			const char *share)
{
	char macros[PATH_MAX + 64], tapsets[4200];
	int err;

	if (unshare(geteuid() ? CLONE_NEWUSER | CLONE_NEWNS : CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("teletap", "/run", "tmpfs", MS_NOSUID, "mode=0755") || mkdir(PATHS_RUN, 0755))
		return -errno;
	snprintf(tapsets, sizeof(tapsets), "%s/tapsets", share);
	if (symlink(tapsets, HEADERS))
		return -errno;
	err = kernel_view_map(release);
	if (!err)
		err = kernel_view_tracepoints(release);
	snprintf(macros, sizeof(macros), "%s/include/target.stpm", folder);
	return err ? err : copy_files(plan, macros);
}

/* Runs stap in folder; its words go to folder/log. Returns its exit status. */
static int run_stap(const struct plan *plan, const char *release, const char *folder,
		    const char *share)
{
	char name[64], script[4200], tapsets[4200], include[4200];
	const char *const fixed[] = { "stap", "-p4",   "-r", release,
				      "-m",   name,    "-I", tapsets,
				      "-I",   include, "-B", "CFLAGS_MODULE=-I" HEADERS,
				      script };
	const char *argv[sizeof(fixed) / sizeof(fixed[0]) + N_FLAGS + 1] = { NULL };
	int n = 0, log;

	snprintf(name, sizeof(name), PACK_MODULE, plan->module);
	snprintf(script, sizeof(script), "%s/stp/%s.stp", share, plan->module);
	snprintf(tapsets, sizeof(tapsets), "%s/tapsets", share);
	snprintf(include, sizeof(include), "%s/include", folder);
	if (chdir(folder))
		return 126;
	setenv("LC_ALL", "C", 1); /* its words are read below */
	log = open("log", O_WRONLY | O_CREAT | O_TRUNC, 0644);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		argv[n++] = fixed[i];
	for (size_t i = 0; i < N_FLAGS; i++)
		argv[n++] = flags[i];
	execvp(argv[0], (char **)argv);
	return 127;
}

/* When teletap is ended meanwhile, even killed, ends stap and the whole process. */
static int await_stap(const struct plan *plan, const char *release, const char *folder,
		      const char *share, pid_t parent)
{
	sigset_t all, before;
	int status = 0;
	pid_t stap;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	stap = fork();
	if (stap == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		sigprocmask(SIG_SETMASK, &before, NULL);
		_exit(run_stap(plan, release, folder, share));
	}
	if (stap < 0)
		return 126;
	while (getppid() == parent) {
		if (waitpid(stap, &status, WNOHANG) == stap)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
		sigwaitinfo(&all, NULL); /* SIGCHLD, or SIGTERM when teletap has ended */
	}
	kill(stap, SIGTERM);
	waitpid(stap, NULL, 0);
	paths_remove(folder);
	_exit(1);
}

/* A kernel may need more headers than kernel_view.c knows of. */
static bool misses_tracepoints(const char *folder)
{
	char path[4200], line[1024];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "%s/log", folder);
	f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, "trace/events/") || strstr(line, "kernel.trace");
	if (f)
		fclose(f);
	return found;
}

/* In the compiler's process: runs stap and returns its exit status. */
static int tend_stap(const struct plan *plan, const char *release, const char *folder,
		     const char *share, pid_t parent)
{
	int err = make_aliases(plan, release, folder, share), status;

	if (err == -ESTALE)
		return 125;
	if (err) {
		fprintf(stderr, "teletap: build: a mount namespace: %s\n", strerror(-err));
		return 126;
	}
	status = await_stap(plan, release, folder, share, parent);
	if (status && status < 125 && misses_tracepoints(folder)) {
		kernel_view_all_tracepoints(release);
		status = await_stap(plan, release, folder, share, parent);
	}
	return status;
}

/* The first line of the log that names an error, or else the last line. */
static void first_error(const char *folder, char *out, size_t size)
{
	char path[4200], line[1024];
	FILE *f;

	snprintf(out, size, "no reason given");
	snprintf(path, sizeof(path), "%s/log", folder);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (*line)
			snprintf(out, size, "%.200s", line);
		if (strstr(line, "error") || strstr(line, "ERROR"))
			break;
	}
	if (f)
		fclose(f);
}

/* The first operand of the log that stap could not read. */
static bool unread_operand(const char *folder, char *out, size_t size)
{
	static const char begins[] = "Can't parse SDT_V";
	char path[4200], line[1024];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "%s/log", folder);
	f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof(line), f)) {
		const char *p = strstr(line, begins);

		p = p ? strchr(p + sizeof(begins) - 1, '\'') : NULL;
		found = p && p[1];
		if (found)
			snprintf(out, size, "%.*s", (int)strcspn(p + 1, "'\n"), p + 1);
	}
	if (f)
		fclose(f);
	return found;
}

/*
 * An operand that stap cannot read is no error to it: it takes a variable of the program that
 * is called arg1 and the like, when the file has debug information, and says so in a warning.
 */
static int check_operands(const struct plan *plan, const char *folder, char **msg)
{
	const char *provider = "", *name = "one";
	char operand[256];

	if (!unread_operand(folder, operand, sizeof(operand)))
		return 0;
	for (int i = 0; i < plan->n_files; i++) {
		const struct sdt_file *sdt = &plan->files[i]->sdt;

		for (size_t k = 0; k < sdt->n_markers; k++) {
			const struct sdt_marker *m = &sdt->markers[k];

			if (origin_has_marker(plan->origin, m->provider, m->name) &&
			    strstr(m->args, operand)) {
				provider = m->provider;
				name = m->name;
			}
		}
	}
	return fail(msg, ENOTSUP,
		    "%s: SystemTap cannot read the argument %s of the marker %s%s%s, which the "
		    "module %s needs: build the program with other options, or use a newer "
		    "SystemTap (all of it: %s/log)",
		    plan->file->path, operand, provider, *provider ? ":" : "", name, plan->module,
		    folder);
}

int compiler_run(const struct plan *plan, const char *release, const char *folder,
		 const char *share, compiler_tick *tick, char **msg)
{
	char path[4200], why[256];
	pid_t parent = getpid(), pid, done;
	int status;

	snprintf(path, sizeof(path), "%s/include", folder);
	if (mkdir(path, 0755))
		return fail(msg, errno, "%s: %s", path, strerror(errno));
	pid = fork();
	if (pid < 0)
		return fail(msg, errno, "fork: %s", strerror(errno));
	if (pid == 0)
		_exit(tend_stap(plan, release, folder, share, parent));
	for (int tenths = 0; !(done = waitpid(pid, &status, WNOHANG)); tenths++) {
		if (tick)
			tick(tenths / 10);
		clock_sleep_ms(100);
	}
	if (done < 0)
		return -errno;
	if (check_operands(plan, folder, msg))
		return -ENOTSUP;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 125)
		return fail(msg, ESTALE,
			    "%s: changed while its module %s was to be compiled: try again",
			    plan->file->path, plan->module);
	if (WIFEXITED(status) && WEXITSTATUS(status) >= 126)
		return fail(msg, ENOENT,
			    WEXITSTATUS(status) == 127
				    ? "there is no stap here to compile a module with: install "
				      "systemtap 5.6 or "
				      "later, or bring a pack (--pack) built on another machine"
				    : "the compiler's folder cannot be set up: run as root");
	first_error(folder, why, sizeof(why));
	return fail(msg, EIO, "stap could not compile %s for %s: %s (all of it: %s/log)",
		    plan->module, release, why, folder);
}
