#!/usr/bin/env bash
# Install axe-core, which holds the pages to the rules of accessibility, for tests/pipeline.
# BIODATA_TEST_TOOLS names the folder (by default in the cache folder of the user).
set -euo pipefail
version=4.14.1
folder="${BIODATA_TEST_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/biodata-cache-tools}"
target="$folder/axe-core-$version"
mkdir -p "$folder"
if [ ! -e "$target" ]; then
    unfinished=$(mktemp -d "$folder/unfinished-XXXXXX")
    trap 'rm -rf "$unfinished"' EXIT
    echo '{"private": true}' > "$unfinished/package.json"
    npm install --prefix "$unfinished" --silent --no-audit --no-fund --ignore-scripts \
        "axe-core@$version"
    [ -e "$target" ] || mv "$unfinished/node_modules/axe-core" "$target"
fi
echo "axe-core $version is in $target"
