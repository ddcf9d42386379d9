# SPDX-License-Identifier: MIT
# --ready chooses what ready means; -p 0 tells the port.
. tests/e2e/lib.sh
two_hosts

mkfifo "$DIR/fifo"
exec 5<>"$DIR/fifo"
start server "$A" "$TUNNEL" -s -p 0 -i tun0 --ready connected --ready-fd 7 7>"$DIR/fifo"
says server "listening on port"
port=$(sed -n 's/.*listening on port \([0-9]*\)$/\1/p' "$DIR/server.log")
[ "$port" -gt 0 ] || fail "port $port"
tunnel client "$B" -c 10.88.0.1 -p "$port" -i tun0
read -r ready <&5
[ "$ready" = "ready dev=tun0 port=$port address=172.16.3.1/24 pid=$(pid server)" ] || fail "$ready"
reaches "$A" 172.16.3.2
stop client
stop server

tunnel server "$A" -s -p 0 -l none
port=${ready#*port=}
port=${port%% *}
[ "$port" -gt 0 ] || fail "$ready"
case $ready in *" address=none "*) ;; *) fail "$ready" ;; esac
stop server
refuses 2 "--ready-fd 77: there is no such open descriptor" "$TUNNEL" -s --ready-fd 77
refuses 2 "--exit-fd 77: there is no such open descriptor" "$TUNNEL" -s --exit-fd 77
