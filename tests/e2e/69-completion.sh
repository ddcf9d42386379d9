# SPDX-License-Identifier: MIT
# Bash completes options, and for each option what can follow it.
. tests/e2e/lib.sh
command -v bash >/dev/null || skip "bash is missing, apt-get install bash"
host "$A" 1
for name in tun7 tap7; do
	ip -n "$A" tuntap add dev $name mode "${name%7}"
done
ip -n "$A" link add br7 type bridge
# shellcheck disable=SC2016 # a name that must not be run
ip -n "$A" link add '$(reboot)' type bridge

# completes WORD...: in host A, the lines that bash offers for the last word; _known_hosts_real is ours
cat >"$DIR/completes" <<'END'
_known_hosts_real() { COMPREPLY=(known-host); }
. src/completion/tunnel
COMP_WORDS=(tunnel "$@") COMP_CWORD=$#
_tunnel
printf '%s\n' "${COMPREPLY[@]}"
END
completes() { on "$A" bash --norc "$DIR/completes" "$@" | LC_ALL=C sort | tr '\n' ' '; }

# offers TEXT WORD...: exactly this
offers() {
	offers_text=$1
	shift
	offered=$(completes "$@")
	[ "${offered% }" = "$offers_text" ] || fail "$*: offers \"$offered\", not \"$offers_text\""
}

# options
offers "--peer --persist" --pe
case $(completes "") in
*"--timeout "*) ;;
*) fail "no options for an empty word" ;;
esac
offers "--genkey" --gen

# values
offers "tap7" -i ta
offers "tap7" --dev ta
offers "tap7" --dev = ta
offers "eth0" --bind-dev e
offers "br7" --bridge br
offers "\\\$\\(reboot\\)" --bridge '$'
offers "" --bridge t
offers "$A" -N "$A"
offers "$A" --netns = "$A"
offers "connected listening" --ready ""
offers "reno" --congestion ren
offers "none" -l n
offers "root" --owner roo
offers "root" --group roo
offers "known-host" -c know

# files, and standard input where it is one
touch "$DIR/a key" "$DIR/b"
offers "$DIR/a key" -k "$DIR/a"
offers "$DIR/b" --pidfile "$DIR/b"
offers "$DIR/b" --stats = "$DIR/b"
case " $(completes --pcap -)" in
*" - "*) ;;
*) fail "--pcap: no -" ;;
esac

# letters in one word, and values that look like options
offers "tap7" -ai ta
offers "--genkey" -itap7 --gen
offers "tap7" -l -i -i ta
offers "--genkey" -l -i --gen
