#!/bin/sh
# Makes the parquet reader of the catalogue page again: hyparquet and the zstd codec that it uses,
# as one script, and their licences. Needs npm; nothing else of the project does.
set -eu

HYPARQUET=1.33.0
FZSTD=0.1.1
ESBUILD=0.28.2

target="$(cd "$(dirname "$0")/.." && pwd)/biodata_cache/_publish/catalogue/vendor"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --no-audit --no-fund --ignore-scripts \
    "hyparquet@$HYPARQUET" "fzstd@$FZSTD" "esbuild@$ESBUILD" >/dev/null
cat >entry.js <<'END'
export { asyncBufferFromUrl, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
export { decompress as zstd } from "fzstd";
END
npx esbuild entry.js --bundle --minify --format=iife --global-name=hyparquet --target=es2020 \
    --charset=utf8 --log-level=warning --outfile="$target/hyparquet.min.js"
{
    echo "hyparquet.min.js holds hyparquet $HYPARQUET and fzstd $FZSTD, as scripts/make_parquet_reader.sh makes it."
    for package in hyparquet fzstd; do
        printf '\n%s\n\n' "$package"
        cat "node_modules/$package/LICENSE"
    done
} >"$target/LICENSES.txt"
