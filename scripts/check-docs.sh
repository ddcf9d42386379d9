#!/bin/sh
# SPDX-License-Identifier: MIT
# Does the documentation say what the program does? The manual page is clean; it, README.md, the completion
# and "tunnel -h" name the same options with the same values, and the same exit statuses; the messages
# that are explained are messages of the program. A line for each finding; what needs a tool that is
# not there is skipped with a line.
#
#   [TUNNEL=./tunnel] scripts/check-docs.sh
set -eu
TUNNEL=$(realpath "${TUNNEL:-$(dirname "$0")/../tunnel}")
cd "$(dirname "$0")/.."

# Documented already, and in -h soon. An option that -h has must not be here.
pending=""
# Other programs' options in our texts.
foreign="device cap-add now"
# Parts of explained messages that are the system's, or that the program puts together.
composed="No such file or directory|Connection refused|is a tap, not a"

man=src/man/tunnel.8
completion=src/completion/tunnel
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
nfindings=0

finding() {
	echo "check-docs: $*"
	nfindings=$((nfindings + 1))
}

# findings TEXT FILE: one for each line of FILE
findings() {
	while read -r line; do
		finding "$1: $line"
	done <"$2"
}

skip() { echo "check-docs: skipped: $*"; }

# only_in A B: lines of A that B does not have; both sorted
only_in() { comm -23 "$1" "$2"; }

# without LIST FILE: FILE's lines but those whose word is in LIST
without() {
	for word in $1; do
		echo "$word"
	done >"$dir/without"
	grep -v -x -F -f "$dir/without" "$2" || :
}

# flat [FILE]: lines of the manual page with options as they are typed, "--dev" for "Fl -dev"
flat() { sed 's/\\-/-/g; s/\\&//g; s/Fl \(-*[a-zA-Z0-9]\)/-\1/g' "$@"; }

# ---- is the page clean? ----

# What other pages are installed here is no fault of this one.
check_lint() {
	command -v mandoc >/dev/null || {
		skip "mandoc is missing, apt-get install mandoc"
		return
	}
	mandoc -Tlint $man 2>&1 |
		grep -v -e 'referenced manual not found' -e 'outdated mandoc.db' >"$dir/lint" || :
	findings "mandoc -Tlint" "$dir/lint"
}

check_man_warnings() {
	case $(man --version 2>/dev/null) in
	"man "[0-9]*) ;;
	*)
		skip "man-db is missing, apt-get install man-db"
		return
		;;
	esac
	LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 \
		man --warnings -E UTF-8 -l -Tutf8 -Z $man 2>"$dir/warnings" >/dev/null ||
		echo "it failed" >>"$dir/warnings"
	findings "man --warnings" "$dir/warnings"
}

# ---- options ----

# Lines "LETTER NAME VALUE", with "." for what an option does not have.
help_options() {
	awk '/^  (-|    --)/ {
		letter = $1 ~ /^-.,$/ ? substr($1, 2, 1) : "."
		name = letter == "." ? $1 : $2
		rest = substr($0, index($0, name) + length(name))
		value = match(rest, /^ [A-Z][^ ]*/) ? substr(rest, 2, RLENGTH - 1) : "."
		print letter, substr(name, 3), value
	}' "$dir/help"
}

man_options() {
	grep '^\.It Fl ' $man | flat | sed 's/^\.It //' | awk '{
		letter = $2 == "," ? substr($1, 2) : "."
		at = letter == "." ? 1 : 3
		print letter, substr($at, 3), ($(at + 1) == "Ar" ? $(at + 2) : ".")
	}'
}

# names_in FILE: long names that stand in it, but other programs'
names_in() {
	grep -o -e '--[a-z][a-z0-9-]*' "$1" | sed 's/^--//' | sort -u >"$dir/names"
	without "$foreign" "$dir/names"
}

check_pending() {
	for name in $pending; do
		! grep -q -x "$name" "$dir/help.names" ||
			finding "-h has --$name: take it out of this script's \"pending\""
	done
}

check_man_options() {
	man_options | sort >"$dir/man.all"
	for name in $pending; do
		grep -v " $name " "$dir/man.all" >"$dir/man.rest" || :
		mv "$dir/man.rest" "$dir/man.all"
	done
	only_in "$dir/help.options" "$dir/man.all" >"$dir/missing"
	only_in "$dir/man.all" "$dir/help.options" >"$dir/more"
	findings "the manual page lacks" "$dir/missing"
	findings "only the manual page has" "$dir/more"

	flat $man >"$dir/man.flat"
	names_in "$dir/man.flat" >"$dir/man.names"
	without "$pending" "$dir/man.names" >"$dir/names"
	only_in "$dir/names" "$dir/help.names" >"$dir/more"
	findings "the manual page speaks of --" "$dir/more"
	sed -n 's/.*\bFl \([a-zA-Z0-9]*\).*/\1/p' $man | grep -o . | sort -u >"$dir/letters"
	only_in "$dir/letters" "$dir/help.letters" >"$dir/more"
	findings "the manual page speaks of -" "$dir/more"
}

check_readme_options() {
	names_in README.md >"$dir/readme.names"
	only_in "$dir/help.names" "$dir/readme.names" >"$dir/missing"
	findings "README.md lacks --" "$dir/missing"
	without "$pending" "$dir/readme.names" >"$dir/names"
	only_in "$dir/names" "$dir/help.names" >"$dir/more"
	findings "README.md speaks of --" "$dir/more"

	# the first column of the tables of options
	sed -n '/^## Options/,/^## How/s/^| \(`-[^|]*\)|.*/\1/p' README.md | grep -o -e '`-[a-zA-Z0-9][`, ]' |
		sed 's/^`-\(.\).*/\1/' | sort -u >"$dir/letters"
	only_in "$dir/help.letters" "$dir/letters" >"$dir/missing"
	only_in "$dir/letters" "$dir/help.letters" >"$dir/more"
	findings "README.md's tables lack -" "$dir/missing"
	findings "README.md's tables have -" "$dir/more"
}

# "WORD value" or "WORD .", for each letter and name
check_completion() {
	command -v bash >/dev/null || {
		skip "bash is missing, apt-get install bash"
		return
	}
	awk '{ kind = $3 == "." ? "." : "value"
	       if ($1 != ".") print "-" $1, kind
	       print "--" $2, kind }' "$dir/help.options" | sort >"$dir/words"
	# shellcheck disable=SC2016 # for bash
	bash --norc -c '. "$1"
		COMP_WORDS=(tunnel "") COMP_CWORD=1
		_tunnel
		for word in "${COMPREPLY[@]}"; do
			COMP_WORDS=(tunnel "$word" "") COMP_CWORD=2
			[[ $(_tunnel_awaits) ]] && echo "$word value" || echo "$word ."
		done' bash $completion >"$dir/completion" || finding "the completion fails in bash"
	for name in $pending; do
		sed "/^--$name /d" "$dir/completion" >"$dir/completion.rest"
		mv "$dir/completion.rest" "$dir/completion"
	done
	sort "$dir/completion" -o "$dir/completion"
	only_in "$dir/words" "$dir/completion" >"$dir/missing"
	only_in "$dir/completion" "$dir/words" >"$dir/more"
	findings "the completion lacks" "$dir/missing"
	findings "only the completion has" "$dir/more"
}

# ---- exit statuses ----

# statuses: from "0 ended by INT; 1 run-time ...", lines of number and first two words
statuses() {
	tr '\n;' ' \n' | tr -d '`(),.:' | tr '[:upper:]' '[:lower:]' |
		awk '$1 ~ /^[0-9]+$/ { line = $1 " " $2 " " $3; sub(/ +$/, "", line); print line }' | sort
}

check_statuses() {
	sed -n '/^Exit status:/,/Signals:/{s/^Exit status: *//;s/\. Signals:.*//;p}' "$dir/help" |
		statuses >"$dir/help.statuses"
	sed -n '/^\*\*Exit status\*\*:/,/\*\*Signals\*\*/{s/^\*\*Exit status\*\*: *//;s/\. \*\*Signals.*//;p}' README.md |
		statuses >"$dir/readme.statuses"
	flat $man | sed -n '/^\.Sh EXIT STATUS/,/^\.Sh EXAMPLES/{s/^\.It /;/;s/^\.[A-Z][a-z] //;p}' |
		statuses >"$dir/man.statuses"
	sed -n 's/^	EXIT_[A-Z_]* = \([0-9]*\),.*/\1/p' include/status.h | sort >"$dir/numbers"
	cut -d' ' -f1 "$dir/help.statuses" >"$dir/help.numbers"
	only_in "$dir/numbers" "$dir/help.numbers" >"$dir/missing"
	findings "-h lacks the exit status" "$dir/missing"
	for where in readme man; do
		cut -d' ' -f1 "$dir/$where.statuses" >"$dir/numbers"
		only_in "$dir/numbers" "$dir/help.numbers" >"$dir/more"
		findings "-h lacks the exit status, $where has it" "$dir/more"
		while read -r status; do
			grep -q "^$status\( \|\$\)" "$dir/$where.statuses" ||
				finding "exit status: -h says \"$status\", $where does not"
		done <"$dir/help.statuses"
	done
}

# ---- messages ----

# The program's strings, with those that the compiler would join in one. CLONE_DEVICE is one, too.
strings() {
	cat src/*.c | tr '\n\t' '  ' |
		sed 's/" *CLONE_DEVICE/"\/dev\/net\/tun"/g; s/CLONE_DEVICE *"/"\/dev\/net\/tun" "/g; s/" *"//g'
}

# explained FILE: the messages that it explains, without what differs from time to time, a part a line
explained() {
	case $1 in
	README.md) sed -n '/^## Troubleshooting/,/^## /s/^| \(`[^|]*`\) |.*/\1/p' README.md | grep -o '`[^`]*`' ;;
	*) sed -n '/^\.Sh DIAGNOSTICS/,/^\.El/s/^\.It //p' $man ;;
	esac | tr -d '`' | sed "s/\.\.\./\n/g; s/: /\n/g; s/\b\(tun0\|tap0\|55555\|30\|172.16.3.1\/24\)\b/\n/g" |
		sed 's/^ *//; s/ *$//' | grep '.\{6\}' | grep -v -x -E "($composed).*"
}

check_messages() {
	strings >"$dir/strings"
	for file in README.md $man; do
		explained $file | sort -u >"$dir/explained"
		[ -s "$dir/explained" ] || finding "$file explains no messages"
		while read -r text; do
			grep -q -F -e "$text" "$dir/strings" ||
				finding "$file explains \"$text\", which the program does not say"
		done <"$dir/explained"
	done
}

"$TUNNEL" -h >"$dir/help"
help_options | sort >"$dir/help.options"
awk '{ print $2 }' "$dir/help.options" | sort >"$dir/help.names"
awk '$1 != "." { print $1 }' "$dir/help.options" | sort >"$dir/help.letters"

check_lint
check_man_warnings
check_pending
check_man_options
check_readme_options
check_completion
check_statuses
check_messages

[ $nfindings = 0 ] || exit 1
echo "check-docs: $(wc -l <"$dir/help.options") options and $(wc -l <"$dir/help.numbers") exit statuses agree"
