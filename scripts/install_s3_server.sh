#!/usr/bin/env bash
# Install the S3 server that the tests talk to, once, into a folder of its own.
# BIODATA_TEST_TOOLS names the folder (by default in the cache folder of the user).
set -euo pipefail
version=v1.8.0
folder="${BIODATA_TEST_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/biodata-cache-tools}"
if [ -x "$folder/versitygw-$version" ]; then
    echo "versitygw $version is in $folder"
    exit
fi
command -v go > /dev/null || {
    echo "There is no 'go': install it, or put a versitygw as $folder/versitygw-$version." >&2
    exit 1
}
mkdir -p "$folder"
# A folder of its own until it is whole: two installations at once do not meet.
unfinished=$(mktemp -d "$folder/unfinished-XXXXXX")
trap 'rm -rf "$unfinished"' EXIT
GOBIN="$unfinished" go install "github.com/versity/versitygw/cmd/versitygw@$version"
mv "$unfinished/versitygw" "$folder/versitygw-$version"
echo "versitygw $version is in $folder now"
