/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * program: a command's first word -> the ELF file that execve would run for it.
 */
#ifndef TELETAP_TARGET_PROGRAM_H
#define TELETAP_TARGET_PROGRAM_H

/*
 * Looks word up in PATH as execvp does, follows links, '#!' lines and env(1) in
 * them. *path is to be freed. Returns 0, or -errno with *msg set.
 */
int program_find(const char *word, char **path, char **msg);

/*
 * The same for a command line, of which env, nice, nohup, timeout, stdbuf, setsid, ionice,
 * taskset, chrt and setarch are passed over. -ENOENT with *msg set, too, when they do not tell
 * which program they run.
 */
int program_find_behind(char **argv, char **path, char **msg);

#endif
