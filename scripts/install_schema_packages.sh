#!/usr/bin/env bash
# Install the newest schema packages of the records, each into an environment of its own, for the
# tests that make records with them. BIODATA_TEST_TOOLS names the folder (by default in the cache
# folder of the user). The versions are fixed, so that a new field is seen the day they are raised.
set -euo pipefail
cd "$(dirname "$0")/.."

. scripts/environments.sh

install aind-data-schema-2.9.2 aind-data-schema==2.9.2
# With biodata-models 1.2.1, this version cannot be imported.
install biodata-schema-3.0.0 biodata-schema==3.0.0 biodata-models==1.1.0
