#!/bin/sh
# soak.sh MINUTES: repeats the proofs with new seeds until the time is over, and
# writes what they counted, with commit and seeds, as one line to
# docs/reliability.md. It ends at the first violation, whose replay line it has
# printed then. In less than an hour each part is as much smaller.
set -eu

minutes=$1
end=$(($(date +%s) + minutes * 60))
first=$(date +%s)
seed=$first
rounds=0
mkdir -p out
log=out/soak-$first.jsonl
: >"$log"
status=0

part=$((minutes < 60 ? minutes : 60))
scripts=$((part < 20 ? 1 : 3))
removals=$(for patch in shared/sim/sabotage/*.patch; do basename "$patch" .patch; done)

# run TARGET SETTING...: makes a part with the present seed.
run() {
	echo "# make $* FIRST=$seed"
	make --no-print-directory "$@" FIRST="$seed" >"$log.part" 2>&1 || status=1
	cat "$log.part"
	grep '^{"figure"' "$log.part" >>"$log" || true
	[ "$status" -eq 0 ]
}

# remove takes away the next of the protections that are left to be taken, three
# of them in an hour's round: each has its turn once.
remove() {
	for _ in $(seq $((part < 20 ? 1 : 3))); do
		next=${removals%%[!a-z-]*}
		[ -n "$next" ] || return 0
		removals=$(printf '%s' "${removals#"$next"}" | sed '/^$/d')
		run sabotage ONLY="$next" || return 1
	done
}

while [ "$status" -eq 0 ] && [ "$(date +%s)" -lt "$end" ]; do
	run sim SEEDS=$((part * 5 / 3)) YEARS=$((part / 20)) &&
		run powercut CUTS=$((part * 4)) VARIANTS=$scripts &&
		run crash KILLS=$((part * 5 / 3)) &&
		run load LOAD=$((part < 20 ? 10 : 30))s &&
		run machines STEPS=$((part * 100)) &&
		run fuzz FUZZ=$((1 + part / 4))s &&
		remove || status=1
	rounds=$((rounds + 1))
	seed=$((seed + 100))
done
rm -f "$log.part"

# One line: how often each count of each figure, in all.
commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
git diff --quiet HEAD 2>/dev/null || commit="$commit and changes"
line=$(awk -v commit="$commit" -v minutes="$minutes" -v rounds="$rounds" -v first="$first" -v last="$((seed - 1))" -v status="$status" '
	{
		match($0, /"figure":"[^"]*"/)
		name = substr($0, RSTART + 10, RLENGTH - 11)
		if (match($0, /"(machine|target)":"[^"]*"/)) {
			split(substr($0, RSTART, RLENGTH), pair, "\"")
			name = name " " pair[4]
		}
		rest = $0
		while (match(rest, /"[a-z0-9_]+":[0-9.]+/)) {
			split(substr(rest, RSTART, RLENGTH), pair, ":")
			key = substr(pair[1], 2, length(pair[1]) - 2)
			rest = substr(rest, RSTART + RLENGTH)
			if (key == "seed" || key == "first" || key == "removals" || key == "slowest_poke_ms") continue
			if (!((name, key) in sum)) order[++n] = name SUBSEP key
			sum[name, key] += pair[2]
		}
	}
	END {
		printf "{\"figure\":\"soak\",\"commit\":\"%s\",\"minutes\":%d,\"rounds\":%d,\"first\":%d,\"last\":%d,\"violated\":%s", commit, minutes, rounds, first, last, status ? "true" : "false"
		for (i = 1; i <= n; i++) {
			split(order[i], part, SUBSEP)
			printf ",\"%s: %s\":%.10g", part[1], part[2], sum[order[i]]
		}
		print "}"
	}' "$log")
printf '%s\n' "$line"
printf '    %s\n' "$line" >>docs/reliability.md
exit "$status"
