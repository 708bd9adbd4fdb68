# SPDX-License-Identifier: GPL-2.0-or-later
#
# make            the program, in build/bin
# make demo       pages of real programs, from a bare Debian 12 (as root)
# make check      all tests
# make help       the rest

PREFIX ?= /usr/local
DESTDIR ?=
CC ?= gcc
CFLAGS ?= -O2 -g
B ?= build
V ?= 0
Q := $(if $(filter 1,$(V)),,@)

VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)
LIBS := libelf libdw jansson libsodium
ALL_CFLAGS = -std=c17 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Wstrict-prototypes -Wpointer-arith \
	-Wvla -Wformat=2 -Wmissing-prototypes -fno-common -D_FORTIFY_SOURCE=2 -fstack-protector-strong \
	$(shell pkg-config --cflags $(LIBS) 2>/dev/null) $(CFLAGS)
ALL_LIBS = $(shell pkg-config --libs $(LIBS)) -lm

SOURCES := $(wildcard wrapper/*.c)
OBJECTS := $(SOURCES:wrapper/%.c=$(B)/obj/%.o)

all: $(B)/bin/teletap $(B)/share/teletap

$(B)/bin/teletap: $(OBJECTS)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(ALL_LIBS)

$(B)/obj/%.o: wrapper/%.c $(B)/flags
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/obj/opts.o $(B)/obj/main.o $(B)/obj/module.o: ALL_CFLAGS += -DTELETAP_VERSION='"$(VERSION)"'

# Compiled anew when the compiler's flags or the version change.
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(ALL_CFLAGS) $(VERSION)' | cmp -s - $@ || echo '$(CC) $(ALL_CFLAGS) $(VERSION)' > $@

# The program finds its scripts beside itself, in ../share/teletap.
$(B)/share/teletap:
	@mkdir -p $@
	$(Q)ln -sfn ../../../stp $@/stp
	$(Q)ln -sfn ../../../tapsets $@/tapsets

# The pure stages alone, which the tests feed with recorded lines.
DRAW := line state bucket quote $(patsubst wrapper/%.c,%,$(wildcard wrapper/page*.c wrapper/render*.c))

$(B)/test/draw: tests/draw.c $(DRAW:%=$(B)/obj/%.o)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs jansson) -lm

clean:
	$(Q)rm -rf $(B)/bin $(B)/obj $(B)/share $(B)/flags

FORCE:
.PHONY: all clean FORCE

-include $(OBJECTS:.o=.d)
