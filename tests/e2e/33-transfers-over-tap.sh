# SPDX-License-Identifier: MIT
# Transfers over a tap arrive as they were sent, all kinds at once, with offload at both ends, at one and
# at none.
. tests/e2e/lib.sh
. tests/e2e/transfers.sh
two_hosts
matrix -a
