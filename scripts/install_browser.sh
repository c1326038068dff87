#!/usr/bin/env bash
# Install the browser of the tests, a Chromium, where there is none (Debian and Ubuntu, as root).
# Elsewhere: put a `chromium` on the path, or name one in BIODATA_TEST_CHROMIUM.
set -euo pipefail
for name in "${BIODATA_TEST_CHROMIUM:-chromium}" chromium-browser google-chrome; do
    if command -v "$name" > /dev/null; then
        echo "$(command -v "$name") is there"
        exit
    fi
done
command -v apt-get > /dev/null && [ "$(id -u)" = 0 ] || {
    echo "There is no Chromium, and no right to install one: see $0." >&2
    exit 1
}
apt-get update --quiet=2
DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes --no-install-recommends chromium > /dev/null
echo "$(command -v chromium) is there now"
