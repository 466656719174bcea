# SPDX-License-Identifier: MIT
# `make help` lists what to ask for. Everything that is built goes to build/.

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DEFAULT_GOAL := help
# Builds on every CPU, unless it is told how many jobs.
ifeq (,$(filter -j% --jobserver%,$(MAKEFLAGS)))
MAKEFLAGS += -j$(shell nproc)
endif

# One short line for each file that is built; V=1 shows the commands, -s neither.
V :=
SILENT := $(findstring s,$(filter-out -%,$(firstword $(MAKEFLAGS))))
say = $(if $(V),,@$(if $(SILENT),,echo '  $@';))

BUILD := build
CXXFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Werror
FLAGS := -std=gnu++20 -fPIC -pthread -fvisibility=hidden -fno-omit-frame-pointer $(WARNINGS) \
    -MMD -MP -I.
C_FLAGS := -std=c11 -fPIC -pthread $(WARNINGS) -MMD -MP -I.

VERSION := 0.2.0
# What programs are bound to: raised by any change that breaks those which are built
# (scripts/debian/libiowq0.symbols).
ABI := 0
SONAME := libiowq.so.$(ABI)
PREFIX := /usr/local
LIBDIR = $(PREFIX)/lib

# FIO_DIR= names a configured fio source tree of the user's own, with its fio in it. Else the source
# of Debian's fio is fetched.
FIO_SOURCE := $(or $(FIO_DIR),$(BUILD)/fio)
export FIO_DIR

# The library's layers, lowest first: what is in one includes nothing of those behind it.
LAYERS := os pool ring acall
IOWQ := $(foreach layer,$(LAYERS),$(patsubst iowq/%.cc,%,$(sort $(wildcard iowq/$(layer)/*.cc))))
ENGINE := options modes makers task_names placement pool acalls uring drain arrivals create loop \
    sampler version metadata pool_stats job translate engine
BENCH := cases beside side iowq_side kernel_side tbb_side asio_side uv_side moodycamel_side \
    glib_side mutex_side measure targets bench
# Tests are compiled three times, so in the quickest way. What they test under a sanitizer is
# optimised.
TEST_FLAGS := -O0 -g1
TESTED_FLAGS := -O1 -g1
SANITIZERS := tsan asan
SANITIZE_tsan := -fsanitize=thread -DIOWQ_ASSERT_ALL
SANITIZE_asan := -fsanitize=address,undefined -fno-sanitize-recover=all -DIOWQ_ASSERT_ALL

IOWQ_OBJECTS := $(IOWQ:%=$(BUILD)/iowq/%.o)
ENGINE_OBJECTS := $(ENGINE:%=$(BUILD)/engine/%.o)
TESTS := $(wildcard iowq/test/*.cc iowq/test/*/*.cc)
TESTS_C := $(wildcard iowq/test/*/*.c)

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z -]*\):.*## /\1: /p' Makefile | \
	    awk -F': ' '{ printf "make %-12s %s\n", $$1, $$2 }'

# io_uring in user space, on the library: in a library of its own, as it is put into programs.
PRELOADED := $(patsubst iowq/%.cc,%,$(sort $(wildcard iowq/uring/preload*.cc)))
URING := $(filter-out $(PRELOADED) uring/run,\
    $(patsubst iowq/%.cc,%,$(sort $(wildcard iowq/uring/*.cc))))
# The same under liburing's names.
LIBURING := $(patsubst iowq/%.cc,%,$(sort $(wildcard iowq/uring/liburing/*.cc)))
LIBURING_SO := liburing/liburing.so.2

.PHONY: all
all: library engine uring ## the library, the engine, and io_uring in user space

.PHONY: library engine
library: $(BUILD)/libiowq.a $(BUILD)/libiowq.so
engine: $(BUILD)/engine/iowq.so
.PHONY: uring
uring: $(BUILD)/iowq-run $(BUILD)/libiowq-uring.so $(BUILD)/$(LIBURING_SO)

.PHONY: compare
compare: all ## compare the modes on this machine, and draw the result
	@scripts/compare

.PHONY: bench
bench: ## compare the pool with the kernel's and with other libraries' pools
bench: $(BUILD)/bench/iowq_bench
	$< --csv=$(BUILD)/bench.csv

.PHONY: bench-fio
bench-fio: all ## compare the engine's modes with their counterparts under fio (jobs/targets.toml)
	@scripts/bench-fio

.PHONY: bench-null
bench-null: all ## what each mode itself costs, without the system call, beside fio's null engine
	@scripts/compare jobs/null.fio --depths 1,32 --repeats 7 --baseline fio:null \
	    --modes fio:null,inline+target=null,sqthread+target=null,handoff+target=null,\
	sqwq+target=null,punt+target=null,hashed+target=null,uring+target=null,\
	uring_async+target=null,uring_sqpoll+target=null,uring_defer+target=null

.PHONY: bench-hooks
bench-hooks: $(BUILD)/bench/hooks_bench ## compare the ways to know that a worker sleeps
	$<

.PHONY: benchmarks
benchmarks: $(BUILD)/bench/iowq_bench $(BUILD)/bench/hooks_bench

.PHONY: check check-quick check-full
check-quick: all $(BUILD)/plain/iowq_test ## what tells most in a minute, while you change things
	@scripts/check --quick
tested := all test-programs benchmarks guest-programs explorer
check: $(tested) ## every test but the long ones; under 20 minutes
	@scripts/check
check-full: $(tested) ## every test
	@scripts/check --full

.PHONY: numa
numa: ## test the engine and the library on machines with several NUMA nodes, under QEMU
numa: guest-programs
	@scripts/numa

.PHONY: check-liburing
check-liburing: uring ## liburing's own tests, on the kernel and under iowq-run; LIBURING_DIR: built
	@scripts/liburing-tests $(LIBURING_DIR)

.PHONY: tsan asan
tsan asan: ## the library's tests under ThreadSanitizer, or AddressSanitizer and UBSan
tsan asan: %: $(BUILD)/%/iowq_test
	$<

.PHONY: format tidy
format: | setup-check ## format the C++ sources
	@clang-format-14 -i $$(git ls-files '*.cc' '*.h')
tidy: | setup-tidy ## clang-tidy over the library
	@clang-tidy-14 --quiet $(IOWQ:%=iowq/%.cc) -- -std=gnu++20 -I.

.PHONY: doc
doc: engine | setup-check ## all documentation as one site, build/doc/index.html
	@rm -rf $(BUILD)/doc
	@scripts/doc --to $(BUILD)/doc --engine $(BUILD)/engine/iowq.so

.PHONY: clean
clean: ## remove what was built; the fetched fio source and kernel stay
	@find $(BUILD) -mindepth 1 -maxdepth 1 ! -name fio ! -name guest -exec rm -rf {} + 2>/dev/null || \
	    true
	@find $(BUILD)/guest -mindepth 1 -maxdepth 1 ! -name kernel -exec rm -rf {} + 2>/dev/null || true

# ---- what must be there first; silent and quick when it is

SETUPS := $(addprefix setup-,run check bench tidy manual deb)
.PHONY: $(SETUPS)
$(SETUPS): setup-%:
	@scripts/setup $*

.PHONY: fio-source
fio-source: | setup-run
	@$(if $(FIO_DIR),test -f $(FIO_DIR)/config-host.h || \
	    { echo "FIO_DIR=$(FIO_DIR) is not a configured fio source tree: it has no config-host.h" >&2; \
	        exit 1; },\
	    scripts/fetch fio $(BUILD)/fio)

# ---- the library

$(BUILD)/iowq/%.o: iowq/%.cc | setup-run
	@mkdir -p $(@D)
	$(say)$(CXX) $(FLAGS) $(CXXFLAGS) -c $< -o $@

$(BUILD)/libiowq.a: $(IOWQ_OBJECTS)
	$(say)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/libiowq.so: $(IOWQ_OBJECTS) iowq/libiowq.map
	$(say)$(CXX) -shared -pthread -Wl,-soname,$(SONAME) -Wl,--version-script=iowq/libiowq.map \
	    $(IOWQ_OBJECTS) -lhwloc -o $@

# now: its functions are called in a signal handler, and by children that share memory, where none
# is to be looked up. static: C++ takes its memory from preload_memory.cc, and a program's own
# libstdc++ may be an older one.
$(BUILD)/libiowq-uring.so: $(URING:%=$(BUILD)/iowq/%.o) $(PRELOADED:%=$(BUILD)/iowq/%.o) \
    $(BUILD)/libiowq.a iowq/uring/libiowq-uring.map
	$(say)$(CXX) -shared -pthread -static-libstdc++ -static-libgcc -Wl,-z,now \
	    -Wl,--exclude-libs,ALL -Wl,--version-script=iowq/uring/libiowq-uring.map \
	    $(filter-out %.map,$^) -lhwloc -ldl -o $@

$(BUILD)/$(LIBURING_SO): $(URING:%=$(BUILD)/iowq/%.o) $(LIBURING:%=$(BUILD)/iowq/%.o) \
    $(BUILD)/iowq/uring/preload_polls.o $(BUILD)/libiowq.a iowq/uring/liburing/liburing.map
	@mkdir -p $(@D)
	$(say)$(CXX) -shared -pthread -Wl,-soname,$(@F),-z,nodelete,-Bsymbolic-functions \
	    -Wl,--exclude-libs,ALL,--version-script=iowq/uring/liburing/liburing.map \
	    $(filter-out %.map,$^) -lhwloc -o $@

# Debian's folder for libraries of an architecture.
$(BUILD)/iowq/uring/run.o: FLAGS += -DIOWQ_MULTIARCH='"$(shell $(CXX) -print-multiarch)"'
$(BUILD)/iowq-run: $(BUILD)/iowq/uring/run.o $(BUILD)/iowq/uring/program_file.o
	$(say)$(CXX) $^ -o $@

# ---- installed, for other programs

# What a program may include: <iowq/wq.h>, or <iowq/pool/wq.h>, and so on.
# But for what a program has no use for.
HEADERS := $(filter-out %/probe.h %/aio.h %/linux_aio.h %/acall_calls.h, \
    $(wildcard $(LAYERS:%=iowq/%/*.h)))
INCLUDE = $(DESTDIR)$(PREFIX)/include/iowq
fill_in = sed -e 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@VERSION@|$(VERSION)|'

# The suite, as the command iowq.
SUITE = $(PREFIX)/share/iowq
COMMANDS := iowq capacity compare map plot report top workers
SUITE_FILES := $(COMMANDS:%=scripts/%) $(wildcard jobs/*) \
    $(shell find scripts/suite -type f ! -path '*/__pycache__/*')
MAN = $(PREFIX)/share/man
# These and the manual pages tell where things are installed, and so does the note, by which the
# suite finds them: they are made by install.
COMPLETIONS := bash-completion/completions/iowq zsh/vendor-completions/_iowq \
    fish/vendor_completions.d/iowq.fish

.PHONY: install uninstall
install: all | setup-manual ## the library, the engine and the suite, under PREFIX and DESTDIR
	install -d $(LAYERS:%='$(INCLUDE)/%') '$(DESTDIR)$(LIBDIR)/pkgconfig' '$(DESTDIR)$(LIBDIR)/fio'
	for header in $(HEADERS:iowq/%=%); do \
	    install -m 644 iowq/$$header '$(INCLUDE)'/$$header && \
	    echo "#include \"iowq/$$header\"" | \
	        install -m 644 /dev/stdin '$(INCLUDE)'/$${header##*/} || exit; \
	done
	install -m 644 $(BUILD)/libiowq.a '$(DESTDIR)$(LIBDIR)'
	install -m 755 $(BUILD)/libiowq.so '$(DESTDIR)$(LIBDIR)/libiowq.so.$(VERSION)'
	ln -sf libiowq.so.$(VERSION) '$(DESTDIR)$(LIBDIR)/$(SONAME)'
	ln -sf $(SONAME) '$(DESTDIR)$(LIBDIR)/libiowq.so'
	install -m 755 $(BUILD)/engine/iowq.so '$(DESTDIR)$(LIBDIR)/fio'
	install -d '$(DESTDIR)$(PREFIX)/bin'
	install -m 755 $(BUILD)/iowq-run '$(DESTDIR)$(PREFIX)/bin'
	install -d '$(DESTDIR)$(LIBDIR)/iowq'
	install -m 755 $(BUILD)/libiowq-uring.so $(BUILD)/$(LIBURING_SO) '$(DESTDIR)$(LIBDIR)/iowq'
	for file in $(SUITE_FILES); do \
	    install -D -m "$$(test -x $$file && echo 755 || echo 644)" $$file \
	        '$(DESTDIR)$(SUITE)'/$$file || exit; \
	done
	ln -sf ../share/iowq/scripts/iowq '$(DESTDIR)$(PREFIX)/bin/iowq'
	install -d '$(DESTDIR)$(MAN)/man1' '$(DESTDIR)$(MAN)/man3'
	set -e; made=$$(mktemp -d); trap 'rm -rf "$$made"' EXIT; note="$$made"/installed.json; \
	printf '{"version": "%s", "jobs": "%s", "engine": "%s", "iowq_run": "%s"}\n' $(VERSION) \
	    '$(SUITE)/jobs' '$(LIBDIR)/fio/iowq.so' '$(PREFIX)/bin/iowq-run' >"$$note"; \
	IOWQ_INSTALLED="$$note" scripts/manual "$$made" $(BUILD)/engine/iowq.so; \
	install -m 644 "$$note" '$(DESTDIR)$(SUITE)'; \
	install -m 644 "$$made"/*.1 '$(DESTDIR)$(MAN)/man1'; \
	install -m 644 "$$made"/*.3 '$(DESTDIR)$(MAN)/man3'; \
	for place in $(COMPLETIONS); do \
	    install -D -m 644 "$$made"/completion.$${place%%/*} \
	        '$(DESTDIR)$(PREFIX)/share'/$$place; \
	done
	install -d '$(DESTDIR)$(LIBDIR)/cmake/iowq'
	$(fill_in) iowq/iowq.pc.in >'$(DESTDIR)$(LIBDIR)/pkgconfig/iowq.pc'
	for name in Config ConfigVersion; do \
	    $(fill_in) iowq/iowqConfig.cmake.in \
	        >'$(DESTDIR)$(LIBDIR)/cmake/iowq'/iowq$$name.cmake || exit; \
	done
uninstall: ## what install put there
	rm -rf '$(INCLUDE)' '$(DESTDIR)$(LIBDIR)/cmake/iowq' '$(DESTDIR)$(SUITE)'
	rm -f '$(DESTDIR)$(PREFIX)/bin/iowq' $(COMPLETIONS:%='$(DESTDIR)$(PREFIX)/share/%') \
	    '$(DESTDIR)$(MAN)'/man1/iowq*.1 '$(DESTDIR)$(MAN)/man1/fio-iowq.1' \
	    $(foreach page,iowq io_wq iowq_ring acall,'$(DESTDIR)$(MAN)/man3/$(page).3')
	rm -f '$(DESTDIR)$(PREFIX)/bin/iowq-run' '$(DESTDIR)$(LIBDIR)'/libiowq-uring.so \
	    '$(DESTDIR)$(LIBDIR)/iowq/libiowq-uring.so' \
	    '$(DESTDIR)$(LIBDIR)'/libiowq.a '$(DESTDIR)$(LIBDIR)'/libiowq.so* \
	    '$(DESTDIR)$(LIBDIR)/pkgconfig/iowq.pc' '$(DESTDIR)$(LIBDIR)/fio/iowq.so' \
	    '$(DESTDIR)$(LIBDIR)/iowq/$(notdir $(LIBURING_SO))'
	-rmdir --ignore-fail-on-non-empty '$(DESTDIR)$(LIBDIR)/fio' '$(DESTDIR)$(LIBDIR)/pkgconfig' \
	    '$(DESTDIR)$(LIBDIR)/cmake' '$(DESTDIR)$(LIBDIR)/iowq'

DEB := $(BUILD)/deb
.PHONY: deb
deb: all | setup-deb ## Debian packages, build/deb
	@scripts/debian/build $(VERSION) $(BUILD) $(DEB)

# ---- the engine

ENGINE_FLAGS := -D_GNU_SOURCE -include $(FIO_SOURCE)/config-host.h -isystem $(FIO_SOURCE) \
    -include $(BUILD)/engine/fio_version.h -fvisibility=hidden -Wno-missing-field-initializers

# The version of the fio that is built for; written anew only when it changes. (Two makes may be at
# it at once.)
$(BUILD)/engine/fio_version.h: fio-source
	@mkdir -p $(@D)
	@new=$@.$$$$ && sed -n 's/^FIO_VERSION = *\(.*\)/#define IOWQ_FIO_VERSION "\1"/p' \
	        $(FIO_SOURCE)/FIO-VERSION-FILE >$$new && \
	    { test -s $$new || { \
	        echo "$(FIO_SOURCE): FIO-VERSION-FILE names no version (run make there)" >&2; \
	        exit 1; } } && \
	    { cmp -s $$new $@ && rm $$new || mv $$new $@; }

# The engine's own: the library's version, and a hash over the sources that make it, so that the
# same sources have the same one on any machine. Written anew only when it changes; all but one
# object can do without.
ENGINE_FOLDERS := $(LAYERS:%=iowq/%) engine
ENGINE_SOURCES := $(sort $(wildcard $(ENGINE_FOLDERS:%=%/*.cc) $(ENGINE_FOLDERS:%=%/*.h)))
.PHONY: engine-sources
$(BUILD)/engine/source_version.h: engine-sources
	@mkdir -p $(@D)
	@hash=$$(sha256sum $(ENGINE_SOURCES) | sha256sum | cut -c -12) && \
	    new=$@.$$$$ && echo "#define IOWQ_ENGINE_VERSION \"$(VERSION)+$$hash\"" >$$new && \
	    { cmp -s $$new $@ && rm $$new || mv $$new $@; }
$(BUILD)/engine/version.o: $(BUILD)/engine/source_version.h
$(BUILD)/engine/version.o: ENGINE_FLAGS += -include $(BUILD)/engine/source_version.h

$(BUILD)/engine/%.o: engine/%.cc $(BUILD)/engine/fio_version.h
	@mkdir -p $(@D)
	$(say)$(CXX) $(FLAGS) $(CXXFLAGS) $(ENGINE_FLAGS) -c $< -o $@

# nodelete: fio unloads the engine while threads of other jobs may still be leaving it.
$(BUILD)/engine/iowq.so: $(ENGINE_OBJECTS) $(BUILD)/libiowq.a
	$(say)$(CXX) -shared -pthread -Wl,-z,nodelete -Wl,--exclude-libs,ALL $^ -lhwloc -luring -o $@

# ---- the benchmark

$(BUILD)/bench/%.o: iowq/bench/%.cc | setup-bench
	@mkdir -p $(@D)
	$(say)$(CXX) $(FLAGS) $(CXXFLAGS) -c $< -o $@

$(BUILD)/bench/glib_side.o: FLAGS += $$(pkg-config --cflags glib-2.0)
# GCC 12 warns of a load inlined from the queue's header, of a block that is never null there.
$(BUILD)/bench/moodycamel_side.o: FLAGS += -Wno-stringop-overflow

$(BUILD)/bench/iowq_bench: $(BENCH:%=$(BUILD)/bench/%.o) $(BUILD)/libiowq.a
	$(say)$(CXX) -pthread $^ -lbenchmark -ltbb -luv -lglib-2.0 -luring -lhwloc -o $@

$(BUILD)/bench/hooks_bench: $(BUILD)/bench/hooks_bench.o $(BUILD)/libiowq.a
	$(say)$(CXX) -pthread $^ -lhwloc -o $@

# ---- the tests

.PHONY: test-programs
test-programs: $(BUILD)/plain/iowq_test $(SANITIZERS:%=$(BUILD)/%/iowq_test)

# $(1): their folder; $(2): their flags; $(3): the library's objects. What most sources include is
# compiled once, which halves the time.
define test_program
$(BUILD)/$(1)/library.h.gch: iowq/ring/ring.h | setup-check
	@mkdir -p $$(@D)
	@echo '#include "$$<"' >$$(@:.gch=)
	$$(say)$$(CXX) $$(FLAGS) $(2) $$(TESTED_FLAGS) -x c++-header -c $$(@:.gch=) -o $$@
$(BUILD)/$(1)/%.o: iowq/%.cc $(BUILD)/$(1)/library.h.gch | setup-check
	@mkdir -p $$(@D)
	$$(say)$$(CXX) $$(FLAGS) $(2) $$(TESTED_FLAGS) -include $(BUILD)/$(1)/library.h -c $$< -o $$@
$(BUILD)/$(1)/test/precompiled.h.gch: iowq/test/precompiled.h | setup-check
	@mkdir -p $$(@D)
	$$(say)$$(CXX) $$(FLAGS) $(2) $$(TEST_FLAGS) -x c++-header -c $$< -o $$@
$(BUILD)/$(1)/test/%.o: iowq/test/%.cc $(BUILD)/$(1)/test/precompiled.h.gch
	@mkdir -p $$(@D)
	$$(say)$$(CXX) $$(FLAGS) $(2) $$(TEST_FLAGS) \
	    -include $(BUILD)/$(1)/test/precompiled.h -c $$< -o $$@
$(BUILD)/$(1)/test/%.o: iowq/test/%.c | setup-check
	@mkdir -p $$(@D)
	$$(say)$$(CC) $$(C_FLAGS) $(2) $$(TEST_FLAGS) -c $$< -o $$@
$(BUILD)/$(1)/iowq_test: $(3) $(TESTS:iowq/%.cc=$(BUILD)/$(1)/%.o) \
    $(TESTS_C:iowq/%.c=$(BUILD)/$(1)/%.o)
	$$(say)$$(CXX) -pthread $(2) \
	    -Wl,--wrap=pthread_create,--wrap=sysinfo,--wrap=fsync,--wrap=fdatasync $$^ \
	    -lgtest -lgtest_main -lhwloc -o $$@
endef
$(eval $(call test_program,plain,,$(IOWQ_OBJECTS) $(URING:%=$(BUILD)/iowq/%.o)))
$(foreach s,$(SANITIZERS),\
    $(eval $(call test_program,$(s),$$(SANITIZE_$(s)),$(IOWQ:%=$(BUILD)/$(s)/%.o) \
    $(URING:%=$(BUILD)/$(s)/%.o))))

# ---- the library under a scheduler of its own: iowq/explore/README.md

EXPLORE := $(BUILD)/explore
EXPLORER := program heap memory search scheduler compiler linux files
EXPLORED := $(IOWQ) $(patsubst iowq/%.cc,%,$(wildcard iowq/explore/scenarios/*.cc))
# The compiler tells of each access to memory, as for ThreadSanitizer; the explorer listens instead.
EXPLORED_FLAGS := -O1 -g1 -fsanitize=thread --param tsan-instrument-func-entry-exit=0 \
    -DIOWQ_EXPLORE -DIOWQ_ASSERT_ALL

.PHONY: explore explorer
explorer: $(EXPLORE)/iowq_explore $(EXPLORE)/explorer_test
explore: $(EXPLORE)/iowq_explore ## every schedule of the hand-overs; SCHEDULE=NAME:TEXT: that one
	@scripts/explore $(if $(SCHEDULE),--schedule '$(SCHEDULE)')

$(EXPLORER:%=$(EXPLORE)/%.o) $(EXPLORE)/main.o: $(EXPLORE)/%.o: iowq/explore/%.cc | setup-check
	@mkdir -p $(@D)
	$(say)$(CXX) $(FLAGS) -O2 -g -c $< -o $@
$(EXPLORE)/libexplore.so: $(EXPLORER:%=$(EXPLORE)/%.o)
	$(say)$(CXX) -shared -Wl,-Bsymbolic,-z,now $^ -o $@
$(EXPLORED:%=$(EXPLORE)/%.o): $(EXPLORE)/%.o: iowq/%.cc | setup-check
	@mkdir -p $(@D)
	$(say)$(CXX) $(FLAGS) $(EXPLORED_FLAGS) -c $< -o $@
# What the explorer itself is tested with.
EXPLORER_TESTS := $(EXPLORE)/test/textbook.o $(EXPLORE)/test/any_program.o
$(EXPLORER_TESTS): $(EXPLORE)/%.o: iowq/explore/%.cc | setup-check
	@mkdir -p $(@D)
	$(say)$(CXX) $(FLAGS) $(EXPLORED_FLAGS) -c $< -o $@
$(EXPLORE)/explorer_test: $(EXPLORE)/main.o $(EXPLORER_TESTS) $(EXPLORE)/libexplore.so
	$(say)$(CXX) -pthread -Wl,-z,now,-rpath,'$$ORIGIN' $^ -o $@
$(EXPLORE)/iowq_explore: $(EXPLORE)/main.o $(EXPLORED:%=$(EXPLORE)/%.o) $(EXPLORE)/libexplore.so
	$(say)$(CXX) -pthread -Wl,-z,now,-rpath,'$$ORIGIN' $^ -lhwloc -o $@

# ---- what runs in the guests of scripts/numa

GUEST := $(BUILD)/guest
# Only what a guest has libraries for, and for any x86-64.
GUEST_FIO := $(addprefix --disable-,native rdma rados rbd http gfapi libnfs pmem xnvme libzbc \
    tcmalloc dfs lex)

.PHONY: guest-programs guest-engine
# The guests are x86-64.
ifeq (x86_64,$(shell uname -m))
guest-programs: $(GUEST)/fio/fio guest-engine $(BUILD)/plain/iowq_test
else
guest-programs:
endif
# These have their own jobs, and none of the variables that this make was given.
OWN_MAKE = MAKEFLAGS= $(MAKE) --no-print-directory -s

# In a copy of the source: what fio's configure finds is part of its headers, and so of the engine
# for it. fio gives its jobs 5 s on the wall to start, of which an emulated machine may have next to
# nothing.
$(GUEST)/fio/config-host.h: $(FIO_SOURCE)/FIO-VERSION-FILE | fio-source
	@rm -rf $(@D) && mkdir -p $(@D)
	@tar -C $(FIO_SOURCE) --exclude=.git --exclude='*.[od]' --exclude=./fio -cf - . | \
	    tar -C $(@D) -xf -
	@sed -i 's/^\(#define JOB_START_TIMEOUT\).*/\1 (3600 * 1000)/' $(@D)/backend.c
	@cd $(@D) && ./configure $(GUEST_FIO) >configure.log 2>&1 && \
	    $(OWN_MAKE) FIO-VERSION-FILE >make.log 2>&1
$(GUEST)/fio/fio: $(GUEST)/fio/config-host.h
	@$(OWN_MAKE) -j$$(nproc) -C $(@D) fio OPTFLAGS=-O1 >$(@D)/make.log 2>&1 || \
	    { tail -n 20 $(@D)/make.log >&2; exit 1; }
guest-engine: $(GUEST)/fio/config-host.h $(IOWQ_OBJECTS)
	@$(OWN_MAKE) engine BUILD=$(GUEST) FIO_DIR=$(abspath $(GUEST)/fio) CXXFLAGS=-O1 \
	    IOWQ_OBJECTS='$(IOWQ_OBJECTS)'
$(FIO_SOURCE)/FIO-VERSION-FILE: | fio-source ;

-include $(shell find $(BUILD) -name '*.d' -not -path '$(BUILD)/deb/*' -not -path '$(BUILD)/fio/*' \
    -not -path '$(BUILD)/guest/*' 2>/dev/null)
