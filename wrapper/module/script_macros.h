/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * script_macros: what a script can know of its target when it is compiled, as macros:
 *
 * @teletap_mark(PROVIDER, NAME)       the probe points of a marker, in each of the files;
 * @teletap_mark_if(PROVIDER, NAME)    likewise, where a file has it;
 * @teletap_mark_any(NAME)             likewise, of any provider
 *
 * and of the one file whose layout the script goes by (page.h; 0 for other scripts):
 *
 * @teletap_python        PY_VERSION_HEX of the CPython in it (0x030d05f0); 0: none
 * @teletap_runtime       the address of _PyRuntime in the file
 * @teletap_runtime_size  its size in bytes
 * @teletap_code_type     the address of PyCode_Type
 * @teletap_moves         1 when addresses are relative to where the file is mapped
 * @teletap_library       1 when the file is a library, that programs load
 * @teletap_text          the address of its executable segment, by which the kernel
 * @teletap_text_offset   side finds the file in a process: its offset in the file,
 * @teletap_text_length   its length in bytes there,
 * @teletap_file_size     and the size of the file
 * @teletap_collect_python  what cpython/gc_call_sites.h has found; 0: nothing
 * @teletap_collect_c
 * @teletap_ring          the address of its flight recorder (collect/ring_read.h); 0: none
 * @teletap_ring_mapped   and of the pointer to one that lies in a file
 */
#ifndef TELETAP_MODULE_SCRIPT_MACROS_H
#define TELETAP_MODULE_SCRIPT_MACROS_H

#include "module/plan.h"

/*
 * Sets plan->sites, a hash over all that a module holds of the plan's files: the macros
 * above, the segments, and of each marker it probes the place, arguments, semaphore and the
 * bytes there. Files with the same build-id may differ in it: patched, stripped or forged
 * ones. Puts plan->files into the order that the macros have. Returns 0 or -errno.
 */
int macros_identify(struct plan *plan);

/*
 * Writes them to path, for stap to include; none for a page of the host. Returns 0 or
 * -errno.
 */
int macros_write(const struct plan *plan, const char *path);

#endif
