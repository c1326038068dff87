#!/usr/bin/env bash
# Install the other versions of DuckDB that the existing readers of the tables have: an older one
# for Python, and two for browsers (Node's npm fetches them; no code of theirs is run here).
# BIODATA_TEST_TOOLS names the folder (by default in the cache folder of the user).
set -euo pipefail
cd "$(dirname "$0")/.."
python_version=1.4.3
# The second is the last one that has parquet built in; the first asks DuckDB's server for it.
wasm_versions="1.32.0 1.28.0"
extensions="v1.4.3/wasm_eh/parquet v1.4.3/wasm_eh/icu"

. scripts/environments.sh
# A folder of its own until it is whole: two installations at once do not meet.
unfinished=$(mktemp -d "$folder/unfinished-XXXXXX")
trap 'rm -rf "$unfinished"' EXIT

finish() { [ -e "$folder/$1" ] || mv "$unfinished/$1" "$folder/$1"; }

name="duckdb-$python_version-$tag"
if [ ! -e "$folder/$name" ]; then
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps \
        --target "$unfinished/$name" "duckdb==$python_version"
    finish "$name"
fi
echo "DuckDB $python_version is in $folder/$name"
name="duckdb-extension-httpfs-$python_version"
if [ ! -e "$folder/$name" ]; then
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps \
        --target "$unfinished/$name" "duckdb-extension-httpfs==$python_version"
    finish "$name"
fi
echo "what it reads HTTP with is in $folder/$name"

command -v npm > /dev/null || {
    echo "There is no 'npm': install Node 18 or later for DuckDB-WASM." >&2
    exit 1
}
for version in $wasm_versions; do
    name="duckdb-wasm-$version"
    if [ ! -e "$folder/$name" ]; then
        mkdir "$unfinished/$name"
        echo '{"private": true}' > "$unfinished/$name/package.json"
        npm install --prefix "$unfinished/$name" --silent --no-audit --no-fund --ignore-scripts \
            "@duckdb/duckdb-wasm@$version"
        finish "$name"
    fi
    echo "DuckDB-WASM $version is in $folder/$name"
done

# DuckDB checks the signature of an extension before it loads it.
for name in $extensions; do
    target="$folder/duckdb-wasm-extensions/$name.duckdb_extension.wasm"
    [ -e "$target" ] || echo "without $target, tests hand the newer DuckDB-WASM its tables as Arrow"
done
