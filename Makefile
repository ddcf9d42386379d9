# tunnel: needs make, a C compiler, a libc and the kernel's headers, nothing else.
#
#   make               build ./tunnel
#   make check         unit tests, and as root end-to-end tests in network namespaces
#   make ctgrind       does the cryptography's time depend on a secret? (valgrind)
#   make bench-crypto  its speed, beside openssl's
#   make demo          two hosts on this machine with a tunnel between them (root)
#   make bench         throughput, latency, CPU and memory beside other tunnels (root, 10 minutes)
#   make static        build/static/tunnel, which needs no library: runs on any Linux of this machine's kind
#   make install       into $(DESTDIR)$(PREFIX); make uninstall takes it away again
#
# Variables: CC (gcc, clang, musl-gcc), CFLAGS, LDFLAGS, PREFIX, DESTDIR, BUILD (for objects),
# BIN (the program), V=1 (show commands), WERROR=1 (warnings are errors),
# ONLY=PATTERN (make check: run the tests whose name has it), VECTORS=FOLDER (third-party test
# vectors for unit and check; those that are not there are skipped), RUN (make unit: what runs the
# tests of another machine: CC=s390x-linux-gnu-gcc LDFLAGS=-static RUN=qemu-s390x BUILD=build/s390x).

CC      ?= cc
PREFIX  ?= /usr/local
BUILD   ?= build
BIN     ?= tunnel
CFLAGS  ?= -O2 -g
LDFLAGS ?=
export VECTORS

warnings := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
            -Wformat=2 -Wformat-nonliteral -Wvla
flags    := -std=gnu11 -D_GNU_SOURCE -Iinclude $(warnings) $(if $(WERROR),-Werror) -MMD -MP

# musl-gcc, the wrapper around glibc's gcc, does not see the kernel's headers by itself.
ifneq (,$(findstring musl-gcc,$(CC)))
flags += -idirafter /usr/include -idirafter /usr/include/$(shell gcc -print-multiarch)
endif

Q := $(if $(V),,@)
say = $(if $(V),,@echo "  $(1)	$(2)";)

# The pure modules are those that unit tests link without the rest.
crypto := chacha20 poly1305 chacha20poly1305 x25519 blake2s noise keyfile keyed
pure   := checksum fqcodel headers hookqueue merge options packet session split status $(crypto)
obj    := $(patsubst src/%.c,$(BUILD)/src/%.o,$(wildcard src/*.c))

unit_obj := $(patsubst tests/unit/%.c,$(BUILD)/unit/%.o,$(wildcard tests/unit/*.c)) \
            $(pure:%=$(BUILD)/src/%.o)
tools    := $(patsubst tests/tools/%.c,$(BUILD)/%,$(wildcard tests/tools/*.c))

# make fuzz-build, then build/fuzz/split and the like: libFuzzer programs, so this takes clang.
fuzz       := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/*.c))
fuzz_flags := -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all

.PHONY: all unit static fuzz-build check ctgrind bench-crypto demo bench install uninstall clean format
.DELETE_ON_ERROR:

all: $(BIN)

$(BIN): $(obj)
	$(call say,LD,$@)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

$(BUILD)/src/%.o: src/%.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(flags) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/unit/%.o: tests/unit/%.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(flags) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/unit-tests: $(unit_obj)
	$(call say,LD,$@)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

$(BUILD)/%: tests/tools/%.c tests/tools/tool.h Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(flags) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $<

# The program with keys that live 0.2 s, so that a test sees many.
$(BUILD)/rekeys/keyed.o: src/keyed.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(flags) -DKEYED_REKEY_US=200000ULL $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/tunnel-rekeys: $(filter-out $(BUILD)/src/keyed.o,$(obj)) $(BUILD)/rekeys/keyed.o
	$(call say,LD,$@)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

$(BUILD)/fuzz/%: tests/fuzz/%.c $(pure:%=src/%.c) Makefile
	@mkdir -p $(@D)
	$(call say,FUZZ,$@)clang $(filter-out -MMD -MP,$(flags)) $(CPPFLAGS) $(fuzz_flags) -o $@ \
		$< $(pure:%=src/%.c)

unit: $(BUILD)/unit-tests
	$(Q)$(RUN) $(BUILD)/unit-tests

# glibc, linked statically, loads its own shared libraries to look up names: so musl where there is one.
static_cc := $(if $(shell command -v musl-gcc),musl-gcc,$(CC))

static:
ifneq (musl-gcc,$(static_cc))
	@echo "make static: there is no musl-gcc (musl-tools), so names need the shared libraries of $(CC)'s libc"
endif
	$(Q)$(MAKE) --no-print-directory CC='$(static_cc)' LDFLAGS='-static -s $(LDFLAGS)' \
		BUILD=$(BUILD)/static BIN=$(BUILD)/static/tunnel

fuzz-build: $(fuzz)

check: $(BIN) $(BUILD)/tunnel-rekeys $(BUILD)/unit-tests $(tools)
	$(Q)BUILD=$(BUILD) TUNNEL=./$(BIN) ONLY='$(ONLY)' tests/run.sh

ctgrind:
	$(Q)BUILD=$(BUILD) scripts/ctgrind.sh

$(BUILD)/bench-crypto: tests/bench_crypto.c $(crypto:%=$(BUILD)/src/%.o) Makefile
	$(call say,CC,$<)$(CC) $(flags) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $(filter-out Makefile,$^)

bench-crypto: $(BUILD)/bench-crypto
	$(Q)BUILD=$(BUILD) scripts/bench-crypto.sh

demo: $(BIN) $(tools)
	$(Q)BUILD=$(BUILD) TUNNEL=./$(BIN) scripts/demo.sh

bench: $(BIN) $(tools)
	$(Q)BUILD=$(BUILD) TUNNEL=./$(BIN) scripts/bench.sh

share = $(DESTDIR)$(PREFIX)/share
units = $(DESTDIR)$(PREFIX)/lib/systemd/system

install: $(BIN)
	install -D -m 755 $(BIN) $(DESTDIR)$(PREFIX)/sbin/tunnel
	install -D -m 644 src/man/tunnel.8 $(share)/man/man8/tunnel.8
	install -D -m 644 src/completion/tunnel $(share)/bash-completion/completions/tunnel
	install -d $(units)
	sed 's|@sbindir@|$(PREFIX)/sbin|' src/systemd/tunnel@.service >$(units)/tunnel@.service
	chmod 644 $(units)/tunnel@.service
	install -D -m 644 README.md $(share)/doc/tunnel/README.md

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/sbin/tunnel
	rm -f $(share)/man/man8/tunnel.8
	rm -f $(share)/bash-completion/completions/tunnel
	rm -f $(units)/tunnel@.service
	rm -rf $(share)/doc/tunnel

clean:
	rm -rf $(BUILD) $(BIN)

format:
	clang-format -i src/*.c include/*.h tests/unit/*.[ch] tests/fuzz/*.c tests/tools/*.c

-include $(wildcard $(BUILD)/*.d $(BUILD)/*/*.d)
