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

# VERSION says which release this is, or comes after: what is not its commit adds its own.
RELEASE := $(shell cat VERSION)
COMMIT := $(if $(wildcard .git),$(shell git describe --tags --match 'v$(RELEASE)' --always --dirty 2>/dev/null))
VERSION := $(RELEASE)$(patsubst %,+%,$(filter-out v$(RELEASE),$(COMMIT:v$(RELEASE)-%=%)))
LIBS := libelf libdw jansson libsodium libcrypto libzstd libseccomp ncursesw libbpf libmicrohttpd
ALL_CFLAGS = -std=c17 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Wstrict-prototypes -Wpointer-arith \
	-Wvla -Wformat=2 -Wmissing-prototypes -fno-common -D_FORTIFY_SOURCE=2 -fstack-protector-strong -Iwrapper -I. \
	$(shell pkg-config --cflags $(LIBS) 2>/dev/null) $(CFLAGS)
ALL_LIBS = $(shell pkg-config --libs $(LIBS)) -lm

SOURCES := $(wildcard wrapper/*/*.c)
OBJECTS := $(SOURCES:wrapper/%.c=$(B)/obj/%.o)

all: $(B)/bin/teletap $(B)/share/teletap bpf

$(B)/bin/teletap: $(OBJECTS)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(CFLAGS) -Wl,-z,relro,-z,now $(LDFLAGS) -o $@ $^ $(ALL_LIBS)

$(B)/obj/%.o: wrapper/%.c $(B)/flags
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

VERSIONED := $(patsubst %,$(B)/obj/%.o,cmd/options cmd/main collect/ring_collector)
$(VERSIONED): ALL_CFLAGS += -DTELETAP_VERSION='"$(VERSION)"'
$(VERSIONED): $(B)/version

# Compiled anew when the compiler's flags change, or the version.
$(B)/flags: TEXT = $(CC) $(ALL_CFLAGS)
$(B)/version: TEXT = $(VERSION)
$(B)/flags $(B)/version: FORCE
	@mkdir -p $(@D)
	@echo '$(TEXT)' | cmp -s - $@ || echo '$(TEXT)' > $@

# The program finds its scripts beside itself, in ../share/teletap.
$(B)/share/teletap: Makefile
	@mkdir -p $@
	$(Q)ln -sfn ../../../stp $@/stp
	$(Q)ln -sfn ../../../tapsets $@/tapsets
	$(Q)ln -sfn ../../python $@/python
	@touch $@

# Programs for the kernel, the same for all kernels and targets. Without clang those are taken that
# 'make dist' put into the archive, if any. CLANG= is without clang.
CLANG ?= $(shell command -v clang)
PROGRAMS := $(patsubst %.c,$(B)/share/teletap/%.o,$(wildcard bpf/*.bpf.c))
COMPILED := $(wildcard bpf/compiled/*.bpf.o)

bpf: $(if $(CLANG)$(COMPILED),$(PROGRAMS),no-bpf)

no-bpf:
	@echo "  no clang: built without BPF programs, so pages need kernel modules (teletap doctor)"

ifeq ($(CLANG),)
$(B)/share/teletap/bpf/%.bpf.o: bpf/compiled/%.bpf.o
	@mkdir -p $(@D)
	$(Q)cp $< $@
endif

$(B)/share/teletap/bpf/%.bpf.o: bpf/%.bpf.c $(wildcard bpf/*.h) tapsets/teletap_layouts.h
	@mkdir -p $(@D)
	@echo "  BPF     $<"
	$(Q)$(CLANG) -target bpf -mcpu=v3 -I. -std=gnu17 -ffreestanding -O2 -g -Wall -Wextra -c -o $@ $<

# The extension, in build/python, for the Python named and all that can load the same.
PYTHON ?= python3

python:
	$(Q)cd python && $(PYTHON) setup.py -q build --build-base $(abspath $(B))/obj-python \
		--build-lib $(abspath $(B))/python
	$(Q)install -D -m 0644 -t $(B)/python/start python/start/sitecustomize.py

# The pure stages alone, which the tests feed with recorded lines.
DRAW := $(patsubst wrapper/%.c,%,$(wildcard wrapper/model/*.c wrapper/pages/*.c wrapper/render/*.c))

$(B)/test/draw: tests/draw.c $(DRAW:%=$(B)/obj/%.o)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs jansson) -lm

$(B)/test/ring: tests/ring.c $(patsubst %,$(B)/obj/%.o,collect/ring collect/ring_read target/ring_note target/elf target/maps base/regular_file model/quote base/fail base/rights)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^

$(B)/test/sites: tests/sites.c $(patsubst %,$(B)/obj/%.o,target/sdt target/sdt_sites target/semaphore target/uprobe target/unused_bytes target/elf base/regular_file base/fail base/rights)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^

$(B)/test/nop10: tests/nop10.c $(B)/obj/target/nop10.o $(B)/obj/target/uprobe.o
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^

$(B)/test/crash: tests/crash.c $(patsubst %,$(B)/obj/%.o,collect/crash collect/crash_file collect/crash_backtrace base/regular_file collect/ring collect/ring_lines model/escape base/fail) \
		$(DRAW:%=$(B)/obj/%.o)
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(ALL_LIBS)

# A program with teletap.h in it. Its build-id ties modules to it: no sanitizers.
$(B)/test/service: tests/service.c include/teletap.h
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) -std=c17 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Wconversion -O2 -g -Iinclude \
		-o $@ tests/service.c -pthread

# Asks teletap serve for pages, for tests/bench/serve; tries what a confined process
# must not be able to do, for tests/76-serve-confined.bats.
$(B)/test/load: tests/load.c $(B)/obj/net/datagram.o $(DRAW:%=$(B)/obj/%.o)
$(B)/test/inside: tests/inside.c $(B)/obj/net/sandbox.o $(B)/obj/base/fail.o

# Reads the threads of a Python again and again, for tests/52-memory.bats.
$(B)/test/memory: tests/memory.c $(patsubst wrapper/%.c,$(B)/obj/%.o,$(wildcard wrapper/collect/memory_[ahlpstgw]*.c wrapper/cpython/[acdfloprv]*.c)) \
		$(patsubst %,$(B)/obj/%.o,target/memory target/loaded model/escape model/utf8 base/fail base/rights base/clock base/rootfs collect/processes target/cgroup)

$(B)/test/peers: tests/peers.c $(B)/obj/net/rate_limit.o

$(B)/test/load $(B)/test/inside $(B)/test/peers $(B)/test/memory:
	@mkdir -p $(@D)
	@echo "  LD      $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(ALL_LIBS)

# ---- for users --------------------------------------------------------------

FILL = -e 's|@PREFIX@|$(PREFIX)|' -e 's|@RELEASE@|$(RELEASE)|'

install: all
	install -D -m 0755 $(B)/bin/teletap $(DESTDIR)$(PREFIX)/bin/teletap
	install -d $(DESTDIR)$(PREFIX)/share/teletap/stp $(DESTDIR)$(PREFIX)/share/teletap/tapsets
	install -m 0644 stp/*.stp $(DESTDIR)$(PREFIX)/share/teletap/stp
	install -m 0644 tapsets/*.stp tapsets/*.stpm tapsets/*.h $(DESTDIR)$(PREFIX)/share/teletap/tapsets
	if [ -d $(B)/python ]; then install -D -m 0644 -t $(DESTDIR)$(PREFIX)/share/teletap/python/teletap \
		$(B)/python/teletap/*.*; install -D -m 0644 -t $(DESTDIR)$(PREFIX)/share/teletap/python/start \
		$(B)/python/start/*.py; \
	else echo "without the Python extension: 'make python' first builds it"; fi
	if [ -d $(B)/share/teletap/bpf ]; then install -D -m 0644 -t $(DESTDIR)$(PREFIX)/share/teletap/bpf \
		$(B)/share/teletap/bpf/*.bpf.o; fi
	install -D -m 0644 include/teletap.h $(DESTDIR)$(PREFIX)/include/teletap.h
	install -D -m 0644 docs/teletap.1 $(DESTDIR)$(PREFIX)/share/man/man1/teletap.1
	install -D -m 0644 docs/teletap.conf.5 $(DESTDIR)$(PREFIX)/share/man/man5/teletap.conf.5
	install -D -m 0644 docs/teletap-pages.7 $(DESTDIR)$(PREFIX)/share/man/man7/teletap-pages.7
	install -D -m 0644 docs/teletap-serve.7 $(DESTDIR)$(PREFIX)/share/man/man7/teletap-serve.7
	install -D -m 0644 docs/teletap-python.3 $(DESTDIR)$(PREFIX)/share/man/man3/teletap-python.3
	install -D -m 0644 docs/completion.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/teletap
	install -D -m 0644 docs/completion.zsh $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_teletap
	install -D -m 0644 docs/completion.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/teletap.fish
	install -d $(DESTDIR)$(PREFIX)/share/pkgconfig $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed $(FILL) packaging/teletap.pc.in > $(DESTDIR)$(PREFIX)/share/pkgconfig/teletap.pc
	sed $(FILL) packaging/teletap@.service.in > $(DESTDIR)$(PREFIX)/lib/systemd/system/teletap@.service
	install -D -m 0644 -t $(DESTDIR)$(PREFIX)/share/doc/teletap README.md CHANGELOG.md docs/*.md LICENSES/*
	install -D -m 0644 -t $(DESTDIR)$(PREFIX)/share/doc/teletap/runbooks docs/runbooks/*.md
	install -D -m 0644 -t $(DESTDIR)$(PREFIX)/share/doc/teletap/prometheus packaging/prometheus/*.yml

uninstall:
	rm -rf $(DESTDIR)$(PREFIX)/share/teletap $(DESTDIR)$(PREFIX)/share/doc/teletap
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/,bin/teletap include/teletap.h share/man/man1/teletap.1 share/man/man5/teletap.conf.5 \
		share/man/man7/teletap-pages.7 share/man/man7/teletap-serve.7 share/man/man3/teletap-python.3 \
		share/bash-completion/completions/teletap share/zsh/site-functions/_teletap \
		share/fish/vendor_completions.d/teletap.fish share/pkgconfig/teletap.pc \
		lib/systemd/system/teletap@.service)

# The tree as it was committed, and its BPF programs, so that it can be built without clang.
ARCHIVE := teletap-$(VERSION)
dist: bpf
	$(Q)[ -n '$(CLANG)' ] || { echo 'no clang: the archive would have no BPF programs' >&2; false; }
	@echo "  DIST    $(B)/$(ARCHIVE).tar.gz"
	$(Q)git archive --format=tar.gz -o $(B)/$(ARCHIVE).tar.gz --prefix=$(ARCHIVE)/bpf/compiled/ \
		$(PROGRAMS:%=--add-file=%) --prefix=$(ARCHIVE)/ HEAD

# .deb and .rpm of what is committed, in build/packages.
packages:
	$(Q)packaging/build

demo:
	$(Q)tests/deps demo
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) all
	$(Q)tests/demo/here
ifneq ($(HERE),1)
ifneq ($(HOST),1)
	$(Q)tests/lab/build
endif
	$(Q)HOST=$(HOST) tests/demo/demo
endif

deps:
	$(Q)tests/deps build

# ---- for developers ---------------------------------------------------------

# STRICT=1: a skipped test is a failure.
check:
	$(Q)tests/deps test
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) all lint asan build/test/service
	$(Q)tests/lab/build
	$(Q)tests/extension/build
	$(Q)tests/check

# The tests that need no kernel module, with and without sanitizers.
TESTED := $(B)/test/draw $(B)/test/ring $(B)/test/crash $(B)/test/inside $(B)/test/peers $(B)/test/memory \
	$(B)/test/nop10

# A test that this machine lacks the Python or the lab for is not defined; bats counts it, and fails.
check-host:
	$(Q)tests/deps test
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) all $(TESTED) build/test/service
	$(Q)bats --tap tests 2>&1 | awk '{ print; fflush() } /^1\.\./ { all = substr($$0, 4) } /^not ok/ { failed = 1 } \
		/^(ok|not ok|bats: unknown test name) / { n++ } END { exit failed || !all || n != all }'

asan:
	$(Q)$(MAKE) --no-print-directory B=build/asan CFLAGS='-O1 -g $(SANITIZE)' LDFLAGS='$(SANITIZE)' \
		all build/asan/test/draw build/asan/test/ring build/asan/test/crash build/asan/test/inside \
		build/asan/test/peers build/asan/test/memory build/asan/test/nop10

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# The virtual machine for the live tests, and the modules they load.
lab: all build/test/service
	$(Q)tests/lab/build
	$(Q)tests/extension/build
	$(Q)tests/modules

lab-shell:
	$(Q)tests/lab/run --interactive -- bash -l

lint:
	$(Q)tests/lint

# Runs each fuzz target for FUZZ_SECONDS.
FUZZ_SECONDS ?= 60
fuzz:
	$(Q)tests/fuzz/run $(FUZZ_SECONDS)

# Speed, as ratios taken in one run.
bench: lab $(B)/test/load
	$(Q)tests/bench/probes
	$(Q)tests/bench/serve
	$(Q)tests/bench/live
	$(Q)tests/bench/header
	$(Q)tests/bench/nop10
	$(Q)tests/bench/extension
	$(Q)tests/bench/django
	$(Q)tests/bench/bpf
	$(Q)tests/bench/sample

clean:
	$(Q)rm -rf $(B)/bin $(B)/obj $(B)/obj-python $(B)/python $(B)/share $(B)/test $(B)/flags $(B)/version build/asan build/fuzz

help:
	@sed -n 's/^# //p' Makefile | head -n 6
	@echo 'make install    PREFIX=$(PREFIX) DESTDIR=$(DESTDIR); make uninstall: the same'
	@echo 'make dist       an archive that builds without clang, in build/; make packages: .deb and .rpm'
	@echo 'make check-host the tests that need no virtual machine'
	@echo 'make python     the extension for PYTHON=$(PYTHON), in build/python'
	@echo 'make lab        the virtual machine of the tests; make lab-shell: a shell in it'
	@echo 'make asan       the program with AddressSanitizer and UBSan, in build/asan'
	@echo 'make lint       format and static checks; make fuzz: fuzz targets; make bench: speed'
	@echo 'make clean      V=1: show commands'

FORCE:
.PHONY: all bpf no-bpf python install uninstall dist packages demo deps check check-host asan lab lab-shell lint fuzz bench clean help FORCE

-include $(OBJECTS:.o=.d)
