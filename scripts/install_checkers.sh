#!/usr/bin/env bash
# Install what tests check our descriptions with: the tools of Data Package and Croissant, in an
# environment of their own, the oldest packages that we claim to be read with in another one, and
# the type checker that editors complete names with (by npm).
# BIODATA_TEST_TOOLS names the folder (by default in the cache folder of the user).
set -euo pipefail
cd "$(dirname "$0")/.."
pyright_version=1.1.411

. scripts/environments.sh

install descriptions-1 'frictionless[parquet]==5.21.0' 'mlcroissant==1.1.1' \
    "pyarrow==$("$python" -c 'import pyarrow; print(pyarrow.__version__)')"
# The lower bounds of pyproject.toml; they have wheels up to Python 3.12.
if "$python" -c 'import sys; sys.exit(sys.version_info >= (3, 13))'; then
    install oldest-1 --only-binary :all: \
        duckdb==1.4.4 pandas==2.2.0 pytz==2020.1 polars==1.20.0 pyarrow==17.0.0
fi

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
