#!/usr/bin/env bash
# Installs the programs that tests want and this machine lacks, where root or sudo allows it
# without asking. What cannot be installed is named by the test run itself, at its end.
set -euo pipefail
missing=$("$1" -m tests.support.needs)
if [[ -z $missing ]] || ! command -v apt-get >/dev/null; then
  exit 0
fi
if [[ $(id -u) == 0 ]]; then
  as=()
elif sudo -n true 2>/dev/null; then
  as=(sudo -n)
else
  echo "Not installed, for want of root: try sudo apt-get install $missing" >&2
  exit 0
fi
echo "Installing for the tests (once; some minutes): $missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086  # one word per package
if ! "${as[@]}" env DEBIAN_FRONTEND=noninteractive bash -c \
  "apt-get -q update && apt-get -q -y install --no-install-recommends $missing" >"$log" 2>&1; then
  echo "apt-get could not install them:" >&2
  tail -n 5 "$log" >&2
fi
