#!/usr/bin/env bash
# Install what tests check our descriptions with: the tools of Data Package and Croissant, in an
# environment of their own, and the type checker that editors complete names with (by npm).
# BIODATA_TEST_TOOLS names the folder (by default in the cache folder of the user).
set -euo pipefail
cd "$(dirname "$0")/.."
pyright_version=1.1.411

python=.venv/bin/python
[ -x "$python" ] || python=python3
folder="${BIODATA_TEST_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/biodata-cache-tools}"
mkdir -p "$folder"
tag=$("$python" -c 'import sys; print(sys.implementation.cache_tag)')

target="$folder/descriptions-1-$tag"
if [ ! -e "$target/complete" ]; then
    rm -rf "$target"
    "$python" -m venv "$target"
    "$target/bin/pip" install --quiet --disable-pip-version-check \
        'frictionless[parquet]==5.21.0' 'mlcroissant==1.1.1' pyarrow
    touch "$target/complete"
fi
echo "the tools of Data Package and Croissant are in $target"

command -v npm > /dev/null || {
    echo "There is no 'npm': install Node 18 or later for pyright." >&2
    exit 1
}
target="$folder/pyright-$pyright_version"
if [ ! -e "$target/complete" ]; then
    rm -rf "$target"
    mkdir "$target"
    echo '{"private": true}' > "$target/package.json"
    npm install --prefix "$target" --silent --no-audit --no-fund --ignore-scripts \
        "pyright@$pyright_version"
    touch "$target/complete"
fi
echo "pyright is in $target"
