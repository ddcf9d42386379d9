# SPDX-License-Identifier: MIT
# How a hook has ended is said when that was in no good way, and has no other effect.
. tests/e2e/lib.sh
two_hosts

# shellcheck disable=SC2016 # for the hooks
tunnel server "$A" -q -s -i tun0 --up 'exit 3' --down 'kill -9 $$'
tunnel client "$B" -d -c 10.88.0.1 -i tun0 -w 10 --up true --down /nonexistent/command
says server "tunnel: tun0: --up: exit status 3"
says client "tunnel: tun0: --up: exit status 0"
reaches "$B" 172.16.3.1
stop client
says client "/nonexistent/command: not found"
says client "tunnel: tun0: --down: exit status 127"
says server "tunnel: tun0: --down: killed by signal 9"
stop server

# without -d success is nothing to talk about
tunnel server "$A" -s -i tun0 --up true --down true
tunnel client "$B" -c 10.88.0.1 -i tun0 -w 10
reaches "$B" 172.16.3.1
stop client
stop server
silent_about server "exit status"
