/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live: a target as a source; live.c has the pages, live_target.c the target, live_module.c
 * the modules. Each module goes through these phases, never waited for:
 *
 *   COLD       not loaded; a page that is asked for makes it
 *   COMPILING  a child process compiles it, when it is not ready
 *   WAITING    for its turn: a session that starts holds the lock on its target
 *   LOADING    staprun is there, the module has not answered yet
 *   LIVE       snapshots are taken; unloaded when nobody has asked for a while
 *   LAST       the target has ended: the last snapshot is on its way
 *   UNLOADING  its lines have not ended yet
 *   FAILED     and why; tried again when it is asked for after some seconds
 *
 * The pages of a target, or of a module, that has ended are kept as they were drawn
 * last, and marked.
 */
#ifndef TELETAP_SOURCE_LIVE_H
#define TELETAP_SOURCE_LIVE_H

#include <limits.h>

#include "collect/session.h"
#include "cpython/interpreter.h"
#include "doctor/host.h"
#include "module/pack.h"
#include "render/render.h"
#include "source/config.h"
#include "source/source.h"
#include "target/follow.h"

#define LIVE_UNLOAD_MS 15000 /* until the lines of a module have ended */
#define LIVE_LOOK_MS 1000    /* between two looks at the target */

enum phase { COLD, COMPILING, WAITING, LOADING, LIVE, LAST, UNLOADING, FAILED };

struct module {
	const char *name;
	enum collector collector;
	enum phase phase;
	enum phase after; /* of UNLOADING */
	struct pack_ko ko;
	char *why;        /* of FAILED */
	int64_t asked_ms; /* by a client */
	int64_t since_ms; /* of the phase */
	int64_t next_ms;  /* next snapshot */
	bool pending;     /* one was asked for */
	bool drawn;       /* a page of it can be drawn */
	bool ended;       /* no later one will come */
	char *ended_why;
	long number; /* of its pages */
	uint32_t version;
	pid_t compiler;
	int compiler_fd;         /* its words; -1: none */
	struct session *session; /* NULL: it has never been loaded */
	/* whose pages they are; a later target may be another one */
	struct render_target shown;
	char *exe, python[PYTHON_VERSION_MAX], *group;
};

struct live {
	struct source source;
	struct opts o;
	bool has_target;
	bool gone; /* the target has ended; nothing new is started */
	char *gone_why;
	struct target target;
	struct interpreter interpreter;
	struct host host; /* which we are on; looked at once, */
	struct checks checks;
	char *exe;
	struct presence presence;
	bool judged; /* by live_target_judge */
	bool idle;   /* no process runs the binary now */
	int64_t looked_ms, now_ms;
	struct module *modules;
	int n_modules;
	struct {
		struct module *module; /* which its figures come from with this target; NULL: */
		char *why; /* none, and why; or what live_target_judge has found against it */
	} * pages;         /* by place in pages[] */
	uint32_t versions; /* of pages without a module */
	struct status_limits limits; /* of page 200 */
	int sort;                    /* struct render has it */
};

/* The one with this name by this collector; NULL: no page has it. */
struct module *live_module_named(struct live *l, const char *name, enum collector collector);

/* An entry for each module that pages have, and each collector that has it; false: no memory. */
bool live_modules_list(struct live *l);
void live_modules_free(struct live *l);

/*
 * Opens the target, sees which module each page has its figures from, and takes what
 * is known of it. Returns 0, or -errno with *msg set.
 */
int live_target_open(struct live *l, char **msg);
void live_target_close(struct live *l);

/* As struct source has it. */
bool live_at_rest(struct source *s);

/*
 * Sees, once for a target, which pages cannot work although it has their markers. That may
 * change, and takes its time: they are tried all the same when they are asked for.
 */
void live_target_judge(struct live *l);

/* Sees whether the target is still there, or there again; not more often than that. */
void live_target_look(struct live *l);

/* Asks the modules that are live for their last snapshot. */
void live_modules_stop(struct live *l);

/* Goes to another phase. */
void live_module_go(struct live *l, struct module *m, enum phase phase);

/* Makes a cold module's plan; it is then compiled or waits to be loaded, or has failed. */
void live_module_begin(struct live *l, struct module *m);

/* Whether a cold module could be loaded at once: it is compiled. */
bool live_module_ready(struct live *l, struct module *m);

/* Takes a loaded module out; it is then cold, or has failed. */
void live_module_unload(struct live *l, struct module *m, enum phase after);

/* The compiler's pipe can be read. */
void live_module_compiled(struct live *l, struct module *m);

/* Does what is due. */
void live_module_step(struct live *l, struct module *m);

#endif
