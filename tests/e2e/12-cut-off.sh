# SPDX-License-Identifier: MIT
# All packets between the hosts are lost for a while: both ends notice within --timeout, and the
# tunnel comes back by itself.
. tests/e2e/lib.sh
two_hosts

pair -t 2
reaches "$B" 172.16.3.1
cut_off 2
says client "has not answered for 2 s"
says server "has not answered for 2 s"
mend 2
comes_back "$B" 172.16.3.1
runs server
runs client

# Shorter than the timeout: nothing is lost but time.
cut_off 2
mend 2
comes_back "$B" 172.16.3.1
stop client
stop server
