#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the unit tests and every scene of tests/e2e, JOBS of them at a time, and counts.
#
#   BUILD=build TUNNEL=./tunnel [ONLY=PATTERN] [JOBS=N] tests/run.sh
#
# Scenes need network namespaces: root, or a user namespace where the system lets us make one. A
# scene's status: 0 passed, 77 skipped (its last line is the reason), else failed.
set -u

BUILD=${BUILD:-build}
TUNNEL=${TUNNEL:-./tunnel}
ONLY=${ONLY:-}
JOBS=${JOBS:-2}
SCENE_SECONDS=120
TUNNEL=$(realpath "$TUNNEL")
BUILD=$(realpath "$BUILD")
export TUNNEL BUILD
cd "$(dirname "$0")/.." || exit 1

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Why scenes cannot run here, or nothing.
cannot_run() {
	if ! command -v ip >/dev/null; then
		echo "ip is missing, apt-get install iproute2"
	elif [ ! -c /dev/net/tun ]; then
		echo "/dev/net/tun is missing, modprobe tun"
	elif ! sh tests/e2e/lib.sh --can-run 2>"$out/why"; then
		echo "no namespaces or no tun here ($(head -n 1 "$out/why")), run as root"
	fi
}

# In a user namespace the scenes are root enough, with a /run of their own for ip netns.
if [ "$(id -u)" != 0 ] && [ -z "${IN_USER_NAMESPACE:-}" ] &&
   unshare -Urnm sh -c 'mount -t tmpfs none /run' 2>/dev/null; then
	IN_USER_NAMESPACE=1 BUILD=$BUILD TUNNEL=$TUNNEL ONLY=$ONLY JOBS=$JOBS \
		exec unshare -Urnm sh -c 'mount -t tmpfs none /run && exec "$0"' "$PWD/tests/run.sh"
fi

# One scene in the background; its verdict goes to a file.
run_scene() {
	name=$(basename "$1" .sh)
	timeout -k 10 $SCENE_SECONDS sh "$1" >"$out/$name.out" 2>&1 </dev/null
	echo $? >"$out/$name.status"
}

npassed=0 nfailed=0 nskipped=0

"$BUILD/unit-tests" ${ONLY:+"$ONLY"} >"$out/unit" 2>&1
cat "$out/unit"
counts=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$out/unit")
# Without that line the unit tests have crashed.
read -r npassed nfailed nskipped <<END
${counts:-0 1 0}
END

scenes=$(find tests/e2e -name '[0-9]*.sh' | sort -t/ -k3n | grep -e "$ONLY")
reason=$(cannot_run)
if [ -n "$reason" ]; then
	for scene in $scenes; do
		echo "SKIP $(basename "$scene" .sh): $reason"
		nskipped=$((nskipped + 1))
	done
	scenes=
fi

# JOBS workers; each takes every JOBSth scene, so that none waits for another's verdict.
i=0
while [ $i -lt "$JOBS" ]; do
	(
		n=0
		for scene in $scenes; do
			[ $((n % JOBS)) = $i ] && run_scene "$scene"
			n=$((n + 1))
		done
	) &
	i=$((i + 1))
done
wait

for scene in $scenes; do
	name=$(basename "$scene" .sh)
	status=$(cat "$out/$name.status" 2>/dev/null)
	case $status in
	0)
		echo "ok   $name"
		npassed=$((npassed + 1))
		;;
	77)
		echo "SKIP $name: $(tail -n 1 "$out/$name.out")"
		nskipped=$((nskipped + 1))
		;;
	*)
		echo "FAIL $name (status ${status:-none})"
		sed 's/^/     /' "$out/$name.out"
		nfailed=$((nfailed + 1))
		;;
	esac
done

echo "$npassed passed, $nfailed failed, $nskipped skipped"
[ "$nfailed" = 0 ]
