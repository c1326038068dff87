#!/usr/bin/env bash
# Install public programs that read the cache into an environment of their own, beside our wheel, for
# tests/clients. BIODATA_TEST_TOOLS names the folder (by default in the cache folder of the user).
# The versions are fixed; each of them accepts our number, so that pip leaves our wheel where it is.
# Two of their packages are fixed with them: without that, pip looks for hours for versions that go
# together with the pydantic of the schemas.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/environments.sh

target="$folder/clients-1-$tag"

if [ ! -e "$target/complete" ]; then
    rm -rf "$target"
    "$python" -m venv "$target"
    "$target/bin/pip" wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$target/wheel" .
    "$target/bin/pip" install --quiet --disable-pip-version-check "$target"/wheel/*.whl \
        'aind-metadata-upgrader[sync]==0.17.14' \
        'aind-metadata-validator==0.11.11' \
        'aind-data-mcp==0.4.5' \
        'fastmcp==2.12.5' \
        'langchain-core==0.3.60'
    touch "$target/complete"
fi
echo "the clients are in $target"
