#!/usr/bin/env bash
# Install PySpark and dbt-spark beside the packages that we build with, into a folder of their own that
# tests put first, for tests/pipeline/test_spark.py. BIODATA_TEST_TOOLS names the folder above (by
# default in the cache folder of the user). The versions are fixed.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/environments.sh

target="$folder/spark-4.1.0-$tag"

if [ ! -e "$target/complete" ]; then
    rm -rf "$target"
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps --target "$target" \
        dbt-spark==1.11.0 sqlparams==6.2.0 pyspark==4.1.0 py4j==0.10.9.9 zstandard==0.25.0 \
        grpcio==1.76.0 grpcio-status==1.76.0 googleapis-common-protos==1.72.0
    touch "$target/complete"
fi
echo "PySpark 4.1.0 is in $target"

command -v java > /dev/null || {
    echo "There is no 'java', which Spark runs on: install a JRE of version 17 or later, Debian's" >&2
    echo "package default-jre-headless." >&2
    exit 1
}
