# Environments of Python beside our own, for tools of the tests: sourced by scripts that install them,
# from the checkout. BIODATA_TEST_TOOLS names the folder (by default in the cache folder of the user).

python=.venv/bin/python
[ -x "$python" ] || python=python3
folder="${BIODATA_TEST_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/biodata-cache-tools}"
mkdir -p "$folder"
tag=$("$python" -c 'import sys; print(sys.implementation.cache_tag)')

# Install requirements into the environment NAME, once: install NAME REQUIREMENT...
install() {
    local name=$1 target="$folder/$1-$tag"
    shift
    if [ ! -e "$target/complete" ]; then
        rm -rf "$target"
        "$python" -m venv "$target"
        "$target/bin/pip" install --quiet --disable-pip-version-check "$@"
        touch "$target/complete"
    fi
    echo "$name is in $target"
}
