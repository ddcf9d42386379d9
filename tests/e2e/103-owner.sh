# SPDX-License-Identifier: MIT
# A device that root has prepared is used by its owner without any privilege; what is still wanted
# and cannot be set is told with the command for root, and those who do not own it cannot use it.
. tests/e2e/lib.sh

setpriv --reuid 65534 --regid 65534 --clear-groups true 2>/dev/null ||
	skip "there is no other user to become here"
host "$A" 1

# The user's own, since what is here may be out of a user's reach: the program, /dev/net/tun.
mkdir "$DIR/open"
chmod 711 "$DIR"
cp "$TUNNEL" "$DIR/open/tunnel"
chmod 755 "$DIR/open" "$DIR/open/tunnel"
cat >"$DIR/as" <<'END'
# as GROUP DIR COMMAND...: as user 65534 of GROUP, with a /dev/net/tun that is open to all
group=$1 dir=$2
shift 2
mount -t tmpfs none "$dir/dev" && mknod -m 666 "$dir/dev/tun" c 10 200 &&
	mount --bind "$dir/dev/tun" /dev/net/tun || exit 99
exec setpriv --reuid 65534 --regid "$group" --clear-groups "$@"
END
mkdir "$DIR/dev"
USER_TUNNEL=$DIR/open/tunnel
as() { # as GROUP COMMAND...
	as_group=$1
	shift
	on "$A" unshare -m sh "$DIR/as" "$as_group" "$DIR" "$@"
}
as 65534 sh -c ': <>/dev/net/tun' 2>/dev/null ||
	skip "/dev/net/tun cannot be opened by another user here"

# user_tunnel OPTIONS...: a server of that user, ready; not with tunnel(), which starts ours
user_tunnel() {
	start server "$A" unshare -m sh "$DIR/as" 65534 "$DIR" "$USER_TUNNEL" -s "$@"
	says server "listening on port"
}
denied() { # denied TEXT OPTIONS...
	denied_text=$1
	shift
	refuses 3 "$denied_text" as 65534 "$USER_TUNNEL" -s "$@"
}

# ---- prepared with ip ----

ip -n "$A" tuntap add dev tun0 mode tun user 65534
user_tunnel -i tun0
says server 'tun0 has no IPv4 address, and setting one needs CAP_NET_ADMIN; have root do it with "ip addr add 172.16.3.1/24 dev tun0"'
says server 'tun0 is down, and setting it up needs CAP_NET_ADMIN; have root do it with "ip link set tun0 up"'
# root does it
ip -n "$A" addr add 172.16.3.1/24 dev tun0
ip -n "$A" link set tun0 up
says server "the device is up again"
tunnel client "$A" -c 10.88.0.1 -i tun1 -l none -w 10
stop client
stop server

# what is asked for and cannot be had
denied 'setting an address needs CAP_NET_ADMIN; run as root, or have root set it with "ip addr add 10.9.0.1/24 dev tun0"' \
	-i tun0 -l 10.9.0.1
denied 'with "ip addr add 10.9.0.1 peer 10.9.0.2 dev tun0"' -i tun0 -l 10.9.0.1 -P 10.9.0.2
denied 'with "ip addr add fd00::1/64 dev tun0"' -i tun0 -l fd00::1
denied 'setting the MTU needs CAP_NET_ADMIN; run as root, or have root set it with "ip link set tun0 mtu 1400"' \
	-i tun0 -m 1400
denied 'making a device needs CAP_NET_ADMIN' -i tun7
# is no trouble when it is so already
ip -n "$A" addr add 10.9.0.1 peer 10.9.0.2 dev tun0
ip -n "$A" addr add fd00::1/64 dev tun0
ip -n "$A" link set tun0 mtu 1400
user_tunnel -i tun0 -m 1400 -l 10.9.0.1 -P 10.9.0.2 -l fd00::1
says server "address 10.9.0.1/32,fd00::1/64, MTU 1400"
silent_about server CAP_NET_ADMIN
stop server
for address in 172.16.3.1/24 10.9.0.2 fd00::1/64; do
	has $address ip -n "$A" addr show dev tun0
done

# a tap, too; in a bridge when root has put it there
ip -n "$A" tuntap add dev tap0 mode tap user 65534
ip -n "$A" link add br0 type bridge
ip -n "$A" link set br0 mtu 1400 up
denied 'putting tap0 into it needs CAP_NET_ADMIN; run as root, or have root do it with "ip link set tap0 mtu 1400 master br0"' \
	-a -i tap0 --bridge br0
ip -n "$A" link set tap0 mtu 1400 master br0 up
user_tunnel -a -i tap0 --bridge br0
silent_about server CAP_NET_ADMIN
stop server
has "master br0" ip -n "$A" link show tap0

# ---- prepared with --persist ----

persistent() {
	tunnel first "$A" -s --persist -l 10.8.0.1/24 "$@"
	stop first
}

persistent -i tun2
denied "tun2 belongs to another user or group; run as root or as its owner" -i tun2
persistent -i tun2 --owner 65534
user_tunnel -i tun2 --persist -l 10.8.0.1/24
stop server
has 10.8.0.1/24 ip -n "$A" addr show dev tun2
name=$(sed -n 's/^\([a-z_][a-z0-9_-]*\):[^:]*:65534:.*/\1/p' /etc/passwd | head -n 1)
ip -n "$A" link del tun2
if [ "$name" ]; then
	persistent -i tun2 --owner "$name"
	has "user " ip -n "$A" -d link show tun2
	user_tunnel -i tun2
	stop server
	ip -n "$A" link del tun2
fi

persistent -i tun2 --group 4242
denied "tun2 belongs to another user or group" -i tun2
start server "$A" unshare -m sh "$DIR/as" 4242 "$DIR" "$USER_TUNNEL" -s -i tun2
says server "listening on port"
stop server
# both: that user, as a member of that group
persistent -i tun2 --owner 65534 --group 4242
denied "tun2 belongs to another user or group" -i tun2

refuses 3 "--owner no-one: there is no such user" on "$A" "$TUNNEL" -s -i tun4 --persist --owner no-one
refuses 3 "--group no-one: there is no such group" on "$A" "$TUNNEL" -s -i tun4 --persist --group no-one
refuses 3 "--owner 4294967295: a number from 0 to 4294967294, or a name" \
	on "$A" "$TUNNEL" -s -i tun4 --persist --owner 4294967295
has "does not exist" ip -n "$A" link show tun4
