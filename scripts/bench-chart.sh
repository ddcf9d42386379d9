#!/bin/sh
# SPDX-License-Identifier: MIT
# bench-chart.sh BENCH.TSV CAPTION: the chart of a benchmark as SVG on standard output, with colours
# for light and for dark. Lines of the file are "row, label, metric, value", as bench.sh writes them.
set -eu

[ $# = 2 ] || {
	echo "usage: bench-chart.sh BENCH.TSV CAPTION >CHART.SVG" >&2
	exit 2
}

awk -F '\t' -v caption="$2" '
function escape(text) {
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	gsub(/>/, "\\&gt;", text)
	return text
}

function text(class, x, y, what) {
	body = body sprintf("<text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>\n", class, x, y, escape(what))
}

function bar(class, y, height, value, max) {
	body = body sprintf("<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\"/>\n",
		class, LEFT, y, value / max * WIDTH > 1 ? value / max * WIDTH : 1, height)
}

function rate(mbits) {
	return mbits >= 1000 ? sprintf("%.1f Gbit/s", mbits / 1000) : sprintf("%.3g Mbit/s", mbits)
}

function largest(metric,    i, max) {
	for (i = 1; i <= nrows; i++)
		if ((rows[i], metric) in v && v[rows[i], metric] > max) max = v[rows[i], metric]
	return max
}

# "ours" or "other", for the colour
function whose(row) {
	return row ~ /^(tunnel|keyed|bbr|no_offload|mtu)$/ ? "ours" : "other"
}

function title(what, explained) {
	y += 30
	text("title", 0, y, what)
	y += 18
	text("note", 0, y, explained)
	y += 14
}

function throughput(metric, what, explained,    i, row, max) {
	max = largest(metric)
	if (!max) return
	title(what, explained)
	for (i = 1; i <= nrows; i++) {
		row = rows[i]
		if (!((row, metric) in v)) continue
		text("label", LEFT - 10, y + 15, label[row])
		bar(whose(row), y + 2, 17, v[row, metric], max)
		text("value", LEFT + v[row, metric] / max * WIDTH + 7, y + 15, rate(v[row, metric]))
		y += 24
	}
}

function latency(what, explained,    i, row, max, name) {
	max = largest("load_p99")
	if (!max) return
	title(what, explained)
	for (i = 1; i <= nrows; i++) {
		row = rows[i]
		if (!((row, "load_p99") in v)) continue
		name = row == "tunnel" ? label[row] ", cubic" : label[row]
		text("label", LEFT - 10, y + 15, name)
		bar(whose(row) " pale", y + 2, 17, v[row, "load_p99"], max)
		bar(whose(row), y + 2, 17, v[row, "load_p50"], max)
		text("value", LEFT + v[row, "load_p99"] / max * WIDTH + 7, y + 15,
			sprintf("%.0f, %.0f ms", v[row, "load_p50"], v[row, "load_p99"]))
		y += 24
	}
}

BEGIN { LEFT = 220; WIDTH = 400 }

!($1 in label) { label[$1] = $2; rows[++nrows] = $1 }
{ v[$1, $3] = $4 + 0 }

END {
	throughput("s1_there", "One TCP stream", "longer is better")
	throughput("s4_back", "Four TCP streams, the other way", "longer is better")
	latency("Round trip under load",
		"20 Mbit/s with a queue of 200 ms and four streams; median (solid) and p99 (pale), shorter is better")
	y += 26
	text("note", 0, y, caption)
	y += 10
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-8 0 760 %d\" width=\"760\" height=\"%d\" " \
		"role=\"img\" aria-label=\"Throughput and latency under load, tunnel and others\">\n", y, y
	print "<style>"
	print "text { font: 13px system-ui, -apple-system, \"Segoe UI\", sans-serif; fill: #1f2328 }"
	print ".title { font-size: 15px; font-weight: 600 }"
	print ".note { font-size: 12px; fill: #59636e }"
	print ".label { text-anchor: end }"
	print ".ours { fill: #0969da }"
	print ".other { fill: #8c959f }"
	print ".pale { opacity: 0.4 }"
	print "@media (prefers-color-scheme: dark) {"
	print "text { fill: #f0f6fc }"
	print ".note { fill: #9198a1 }"
	print ".ours { fill: #4493f8 }"
	print ".other { fill: #7d8590 }"
	print "}"
	print "</style>"
	printf "%s", body
	print "</svg>"
}' "$1"
