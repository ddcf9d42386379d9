# SPDX-License-Identifier: MIT
# What is wrong with a key file is said with its name, the cause and a remedy, before anything is set
# up; so is an MTU that leaves no room for what seals a packet.
. tests/e2e/lib.sh
host "$A" 1
cd "$DIR" # so that messages name plain files
new_key good
key=$(cat good)
umask 077

# faulty FILE CAUSE REMEDY [OPTIONS...]
faulty() {
	faulty_file=$1 faulty_cause=$2 faulty_remedy=$3
	shift 3
	refuses 1 "tunnel: -k $faulty_file: $faulty_cause" \
		on "$A" "$TUNNEL" -s -i tun0 -w 2 --pidfile "$DIR/pidfile" -k "$faulty_file" "$@"
	grep -q -F -e "$faulty_remedy" refused.log || fail "$faulty_file: no remedy: $(cat refused.log)"
	[ "$(wc -l <refused.log)" = 1 ] || fail "$faulty_file: more than a line: $(cat refused.log)"
	! grep -q -F -e "$key" refused.log || fail "tells the key"
	[ ! -e pidfile ] || fail "$faulty_file: a pid file is there"
	has_not tun0 ip -n "$A" link
}

faulty missing "No such file or directory" "tunnel --genkey >FILE"
faulty . "is not a regular file" 'a pipe goes to "-k -"'
mkfifo fifo
faulty fifo "is not a regular file" 'a pipe goes to "-k -"' # and does not wait for a writer
for mode in 644 640 604 602 620; do
	cp good open
	chmod $mode open
	faulty open "is open to others, mode 0$mode" "chmod 600 open"
done
cp good foreign
if chown 12345 foreign 2>/dev/null; then # not in a user namespace
	faulty foreign "belongs to user 12345" "chown root foreign"
fi

: >empty
faulty empty "is empty" "tunnel --genkey"
echo >empty
faulty empty "is empty" "tunnel --genkey"
echo "${key%?}" >short
faulty short "is too short" "copy the whole line, or make a new key with tunnel --genkey"
printf '%s\n%s\n' "$key" "$key" >long
faulty long "has more than the 44 characters" "the one line that tunnel --genkey prints"
echo "$key " >long
faulty long "has more than the 44 characters" "the one line that tunnel --genkey prints"
head -c 1000000 /dev/zero >huge
faulty huge "has more than the 44 characters" "the one line that tunnel --genkey prints"
echo "-${key#?}" >digit
faulty digit "has characters that are not base64" "make a new key with tunnel --genkey"
echo "${key%=}A" >unpadded
faulty unpadded "has characters that are not base64, or no \"=\" at the end" "tunnel --genkey"
echo AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB= >changed
faulty changed "has a last digit that no program writes" "copy it again"
echo AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= >zeros
faulty zeros "is a key of zeros" "make one with tunnel --genkey"
faulty zeros "is a key of zeros" "make one with tunnel --genkey" -D

# what editors and other systems do to a line is no fault; nor is a file that nobody may write
printf '%s\r\n' "$key" >crlf
printf '%s' "$key" >bare
cp good readonly
chmod 400 readonly
ln -s good link
for file in crlf bare readonly link; do
	tunnel server "$A" -s -i tun0 -k $file
	stop server
done

for kind in "65517 -u" "65503 -a"; do
	max=${kind% *}
	refuses 2 "-m $((max + 1)): with" "$TUNNEL" -s -k good ${kind#* } -m $((max + 1))
	grep -q "at most $max" refused.log || fail "$(cat refused.log)"
	tunnel server "$A" -s -i tun0 -k good ${kind#* } -m "$max"
	stop server
done
