#!/bin/sh
# SPDX-License-Identifier: MIT
# Do the modules use only what is below them? The floors are those of the table in src/README.md.
# Modules without system calls must not include what makes them possible, nor the log.
set -eu
cd "$(dirname "$0")/.."

table=$(awk -F'|' '$2 ~ /^ [0-9]+ $/ { n = split($3, m, " "); for (i = 1; i <= n; i++)
	print m[i], $2 + 0, ($4 ~ /yes/ ? "calls" : "pure") }' src/README.md)

# floor MODULE, kind MODULE
floor() { echo "$table" | awk -v m="$1" '$1 == m { print $2 }'; }
kind() { echo "$table" | awk -v m="$1" '$1 == m { print $3 }'; }

failed=0
complain() {
	echo "check-floors: $*" >&2
	failed=1
}

for file in src/*.c include/*.h; do
	module=$(basename "${file%.*}")
	mine=$(floor "$module")
	if [ -z "$mine" ]; then
		complain "$file: $module is not in the table of src/README.md"
		continue
	fi
	for used in $(sed -n 's/^#include "\(.*\)\.h"$/\1/p' "$file"); do
		[ "$used" != "$module" ] || continue
		theirs=$(floor "$used")
		if [ -z "$theirs" ]; then
			complain "$file: uses $used, which is not in the table"
		elif [ "$theirs" -ge "$mine" ]; then
			complain "$file: floor $mine uses $used of floor $theirs"
		fi
	done
	[ "$(kind "$module")" = pure ] && [ "$module" != log ] || continue
	if grep -n -E '^#include (<(unistd|fcntl|time|poll|signal|sys/(socket|ioctl|wait|stat|mman|file).*)\.h>|"log\.h")' "$file"; then
		complain "$file: a module without system calls includes the above"
	fi
done
[ $failed = 0 ] && echo "check-floors: $(echo "$table" | wc -l) modules, imports run strictly down"
exit $failed
