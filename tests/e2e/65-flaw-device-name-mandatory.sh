# SPDX-License-Identifier: MIT
# simpletun needs -i. Here the first free name is taken, and told.
. tests/e2e/lib.sh
two_hosts

tunnel one "$A" -s
case $ready in "ready dev=tun0 "*) ;; *) fail "$ready" ;; esac
tunnel two "$A" -s -p 7000 -l 10.9.0.1/24
case $ready in "ready dev=tun1 "*) ;; *) fail "$ready" ;; esac
tunnel three "$A" -s -p 7001 -i office%d -l 10.8.0.1/24
case $ready in "ready dev=office0 "*) ;; *) fail "$ready" ;; esac
tunnel four "$A" -s -a -p 7002 -l 10.7.0.1/24
case $ready in "ready dev=tap0 "*) ;; *) fail "$ready" ;; esac
for name in one two three four; do
	stop $name
done
