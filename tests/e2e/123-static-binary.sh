# SPDX-License-Identifier: MIT
# make static builds one that needs no library, also to look up a name, and works like any other.
. tests/e2e/lib.sh
command -v musl-gcc >/dev/null || skip "musl-gcc is missing, apt-get install musl-tools"
command -v readelf >/dev/null || skip "readelf is missing, apt-get install binutils"

# Into a folder of its own, since others may be building.
env -u MAKEFLAGS make -s static BUILD="$DIR/build" >"$DIR/make.log" 2>&1 || fail "make static"
static=$DIR/build/static/tunnel
"$static" -V >/dev/null || fail "it does not run"
has_not INTERP readelf -l "$static"
has_not NEEDED readelf -d "$static"

two_hosts
echo "10.88.0.1 gate.example.org" >"$DIR/hosts"
cat >"$DIR/with-hosts" <<END
#!/bin/sh
exec unshare -m sh -c 'mount --bind "\$0" /etc/hosts && exec "\$@"' "$DIR/hosts" "$static" "\$@"
END
chmod +x "$DIR/with-hosts"
TUNNEL=$static
tunnel server "$A" -s -i tun0
TUNNEL=$DIR/with-hosts
tunnel client "$B" -c gate.example.org -i tun0 -w 10
says client "connected to 10.88.0.1:55555"
reaches "$B" 172.16.3.1
