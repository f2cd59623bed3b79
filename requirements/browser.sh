#!/bin/sh
# browser.sh: Debian's Chromium for the console's tests, where this is root on such a system and there is none yet.
set -eu
if [ -n "${REVENUER_TEST_BROWSER:-}" ] || command -v chromium >/dev/null; then
	exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	echo "installing Chromium for the console's tests (once) ..."
	export DEBIAN_FRONTEND=noninteractive
	apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&1 && exit 0
	apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends chromium >/dev/null && exit 0
fi
# The tests that need it fail, and say so again.
echo "no Chromium: install your system's, or name one with REVENUER_TEST_BROWSER" >&2
