#!/usr/bin/env bash
# Measures which statements the tests of the whole tree reach, over internal/
# and pkg/ together. Rooms that exist for tests, and the simulator, are not
# counted.
#
#   cover.sh run [go test flags]   runs the tests and writes coverage.out
#   cover.sh report                prints each room and the total; fails below MIN (85)
set -euo pipefail
cd "$(dirname "$0")/.."

profile=coverage.out
minimum=${MIN:-85}

# counted are the rooms whose statements count.
counted() { go list ./internal/... ./pkg/... | grep -Ev '(test|/internal|/internal/(simulator|simulation|bench))$'; }

run() {
	go test -count=1 -timeout 20m -covermode=atomic -coverprofile="$profile" \
		-coverpkg="$(counted | paste -sd,)" "$@" ./... |
		sed -E 's/[[:space:]]+coverage: .*//'
}

# report counts a block as reached when any package's tests reached it. A room
# that no test links is not in the profile, which is a failure of its own.
report() {
	[[ -s $profile ]] || {
		echo "no $profile: make cover measures" >&2
		exit 1
	}
	counted | awk -v module="$(go list -m)/" -v minimum="$minimum" '
		FNR == NR { expected[$1]; next }
		FNR == 1 { next }
		{
			statements[$1] = $2
			if ($3 > 0) reached[$1] = 1
		}
		END {
			for (block in statements) {
				room = block
				sub(/\/[^\/]*$/, "", room)
				all[room] += statements[block]
				total += statements[block]
				if (block in reached) { hit[room] += statements[block]; totalhit += statements[block] }
			}
			for (room in expected) {
				name = room
				sub(module, "", name)
				if (!(room in all)) { print "  " name " is linked by no test"; missing = 1; continue }
				printf "  %-28s %6d of %6d  %5.1f %%\n", name, hit[room], all[room], 100 * hit[room] / all[room] | "sort"
			}
			close("sort")
			if (total == 0) { print "nothing was measured"; exit 1 }
			share = 100 * totalhit / total
			printf "  %-28s %6d of %6d  %5.1f %%  (at least %s %%)\n", "total", totalhit, total, share, minimum
			exit missing || share < minimum
		}' - "$profile"
}

case ${1:-} in
run)
	shift
	run "$@"
	;;
report) report ;;
*)
	echo "usage: cover.sh run [flags] | report" >&2
	exit 2
	;;
esac
