// SPDX-License-Identifier: GPL-2.0-or-later
#include "tapsets/teletap_layouts.h"

#include <stddef.h>

/* clang-format off */
static const struct python_layout layouts[] = {
	{ .minor = 8, .r_head = 32, .r_gil = 1152, .r_gc = 472, .i_next = 0, .i_threads = 8,
	  .g_holder = 8, .g_locked = 16, .t_next = 8, .t_ident = 176, .t_frame = 24,
	  .f_back = 24, .f_code = 32, .f_where = 104,
	  .c_file = 104, .c_name = 112, .c_flags = 36, .c_line = 40, .c_lines = 120,
	  .b_size = 16, .b_data = 32, .u_length = 16, .u_state = 32, .u_ascii = 48, .u_wide = 72,
	  .f_locals = 360, .c_names = 72, .p_items = 24 },
	{ .minor = 9, .r_ending = 16, .gc_on = 628, .gc_young = 656, .t_interp = 16,
	  .r_head = 32, .r_gil = 352, .i_next = 0, .i_threads = 8, .i_gc = 744,
	  .g_holder = 8, .g_locked = 16, .t_next = 8, .t_ident = 176, .t_frame = 24,
	  .f_back = 24, .f_code = 32, .f_where = 104,
	  .c_file = 104, .c_name = 112, .c_flags = 36, .c_line = 40, .c_lines = 120,
	  .b_size = 16, .b_data = 32, .u_length = 16, .u_state = 32, .u_ascii = 48, .u_wide = 72,
	  .f_locals = 360, .c_names = 72, .p_items = 24 },
	{ .minor = 10, .r_head = 32, .r_gil = 352, .i_next = 0, .i_threads = 8, .i_gc = 744,
	  .g_holder = 8, .g_locked = 16, .t_next = 8, .t_ident = 176, .t_frame = 24,
	  .f_back = 24, .f_code = 32, .f_where = 96,
	  .c_file = 104, .c_name = 112, .c_flags = 36, .c_line = 40, .c_lines = 120,
	  .b_size = 16, .b_data = 32, .u_length = 16, .u_state = 32, .u_ascii = 48, .u_wide = 72,
	  .f_locals = 352, .c_names = 72, .p_items = 24 },
	{ .minor = 11, .r_ending = 24, .gc_on = 660, .gc_young = 688, .t_interp = 16,
	  .r_head = 40, .r_gil = 360, .i_next = 0, .i_threads = 16, .i_gc = 776,
	  .g_holder = 8, .g_locked = 16, .t_next = 8, .t_ident = 152, .t_native = 160,
	  .t_cframe = 56, .t_frame = 8, .f_back = 48, .f_code = 32, .f_where = 56, .f_owner = 69,
	  .c_file = 112, .c_name = 120, .c_qualname = 128, .c_line = 72, .c_lines = 136,
	  .c_flags = 48,
	  .c_trace = 168, .c_start = 184,
	  .b_size = 16, .b_data = 32, .u_length = 16, .u_state = 32, .u_ascii = 48, .u_wide = 72,
	  .f_locals = 72, .c_names = 96, .p_items = 24 },
	{ .minor = 12, .r_head = 40, .i_next = 0, .i_threads = 72, .i_gil = 384, .i_gc = 240,
	  .g_holder = 8, .g_locked = 16, .t_next = 8, .t_ident = 136, .t_native = 144,
	  .t_cframe = 56, .t_frame = 0, .f_back = 8, .f_code = 0, .f_where = 56, .f_owner = 70,
	  .c_file = 112, .c_name = 120, .c_qualname = 128, .c_line = 68, .c_lines = 136,
	  .c_flags = 48,
	  .c_trace = 176, .c_start = 192,
	  .b_size = 16, .b_data = 32, .u_length = 16, .u_state = 32, .u_ascii = 40, .u_wide = 56,
	  .f_locals = 72, .c_names = 96, .p_items = 24 },
	{ .minor = 13, .r_ending = 608, .i_collector = 7400, .gc_on = 12, .gc_young = 40, .t_interp = 16,
	  .r_head = 632, .i_next = 7264, .i_threads = 7344, .i_gil = 16, .i_gc = 7528,
	  .g_holder = 8, .g_locked = 16, .t_next = 8, .t_ident = 152, .t_native = 160,
	  .t_frame = 72, .f_back = 8, .f_code = 0, .f_where = 56, .f_owner = 70,
	  .c_file = 112, .c_name = 120, .c_qualname = 128, .c_line = 68, .c_lines = 136,
	  .c_flags = 48,
	  .c_trace = 184, .c_start = 200,
	  .b_size = 16, .b_data = 32, .u_length = 16, .u_state = 32, .u_ascii = 40, .u_wide = 56,
	  .f_locals = 72, .c_names = 96, .p_items = 24 },
	{ .minor = 14, .r_ending = 784, .i_collector = 7408, .gc_on = 12, .gc_young = 40, .t_interp = 16,
	  .r_head = 808, .i_next = 7272, .i_threads = 7344, .i_gil = 16, .i_gc = 7528,
	  .g_holder = 8, .g_locked = 16, .t_next = 8, .t_ident = 152, .t_native = 160,
	  .t_frame = 72, .f_back = 8, .f_code = 0, .f_where = 56, .f_owner = 74,
	  .c_file = 112, .c_name = 120, .c_qualname = 128, .c_line = 68, .c_lines = 136,
	  .c_flags = 48,
	  .c_trace = 192, .c_start = 208,
	  .b_size = 16, .b_data = 32, .u_length = 16, .u_state = 32, .u_ascii = 40, .u_wide = 56,
	  .f_locals = 80, .c_names = 96, .p_items = 32, .f_stack = 64, .n_frame = 72, .n_state = 67 },
	{ .minor = 15, .r_ending = 912, .i_collector = 7400, .gc_on = 0, .gc_young = 24, .t_interp = 16,
	  .r_head = 936, .i_next = 7264, .i_threads = 7336, .i_gil = 16, .i_gc = 7504,
	  .g_holder = 8, .g_locked = 16, .t_next = 8, .t_ident = 176, .t_native = 184,
	  .t_frame = 72, .f_back = 8, .f_code = 0, .f_where = 56, .f_owner = 74,
	  .c_file = 112, .c_name = 120, .c_qualname = 128, .c_line = 68, .c_lines = 136,
	  .c_flags = 48,
	  .c_trace = 192, .c_start = 208,
	  .b_size = 16, .b_data = 32, .u_length = 16, .u_state = 32, .u_ascii = 40, .u_wide = 56,
	  .f_locals = 80, .c_names = 96, .p_items = 32, .f_stack = 64, .n_frame = 72, .n_state = 67 },
};

/* The same fields: at which word of _Py_DebugOffsets each stands; 0: it does not. */
static const struct python_layout words_of[] = {
	{ .minor = 13, .r_ending = 4, .i_collector = 10, .t_interp = 22,
	  .r_head = 5, .i_next = 8, .i_threads = 9, .i_gil = 14,
	  .t_next = 21, .t_ident = 24, .t_native = 25, .t_frame = 23,
	  .f_back = 29, .f_code = 30, .f_where = 31, .f_owner = 33,
	  .c_file = 35, .c_name = 36, .c_qualname = 37, .c_line = 39, .c_lines = 38, .c_start = 43,
	  .b_size = 65, .b_data = 66, .u_length = 69, .u_state = 68, .u_ascii = 70,
	  .f_locals = 32, .c_names = 41, .p_items = 51 },
	{ .minor = 14, .r_ending = 4, .i_collector = 11, .t_interp = 25,
	  .r_head = 5, .i_next = 8, .i_threads = 9, .i_gil = 15,
	  .t_next = 24, .t_ident = 27, .t_native = 28, .t_frame = 26,
	  .f_back = 32, .f_code = 33, .f_where = 34, .f_owner = 36,
	  .c_file = 40, .c_name = 41, .c_qualname = 42, .c_line = 44, .c_lines = 43, .c_start = 48,
	  .b_size = 75, .b_data = 76, .u_length = 79, .u_state = 78, .u_ascii = 80,
	  .f_locals = 35, .c_names = 46, .p_items = 57, .f_stack = 37, .n_frame = 85, .n_state = 86 },
	{ .minor = 15, .r_ending = 4, .i_collector = 11, .t_interp = 25,
	  .r_head = 5, .i_next = 8, .i_threads = 9, .i_gil = 15,
	  .t_next = 24, .t_ident = 30, .t_native = 31, .t_frame = 26,
	  .f_back = 40, .f_code = 41, .f_where = 42, .f_owner = 44,
	  .c_file = 48, .c_name = 49, .c_qualname = 50, .c_line = 52, .c_lines = 51, .c_start = 56,
	  .b_size = 87, .b_data = 88, .u_length = 91, .u_state = 90, .u_ascii = 92,
	  .f_locals = 43, .c_names = 54, .p_items = 69, .f_stack = 45, .n_frame = 101, .n_state = 102 },
};
/* clang-format on */

#define N_LAYOUTS (sizeof(layouts) / sizeof(*layouts))
#define N_WORDS (sizeof(words_of) / sizeof(*words_of))

const struct python_layout *python_layout(uint32_t version)
{
	for (size_t i = 0; i < N_LAYOUTS; i++) {
		if (version >> 16 == (0x300 | layouts[i].minor))
			return &layouts[i];
	}
	return NULL;
}

bool python_layout_agree(const struct python_layout *l, const uint64_t words[PYTHON_WORDS])
{
	const struct python_layout *w = NULL;

	for (size_t i = 0; i < N_WORDS; i++) {
		if (words_of[i].minor == l->minor)
			w = &words_of[i];
	}
	if (!w)
		return false;
#define PYTHON_FIELD(name)                                                                         \
	if (w->name && l->name != words[w->name])                                                  \
		return false;
	PYTHON_FIELDS(PYTHON_FIELD)
#undef PYTHON_FIELD
	return true;
}
