#!/bin/sh
# Builds the wheel of the Python package: python/wheel.sh LIBRARY FOLDER
#   LIBRARY  the shared library that Cargo built, such as target/release/libterrella.so
#   FOLDER   where the wheel goes
# Needs python3 with pip and setuptools 77 or newer; fetches nothing.
set -eu

[ $# = 2 ] || { echo "usage: $0 LIBRARY FOLDER" >&2; exit 2; }
library=$1
folder=$2
here=$(cd "$(dirname "$0")" && pwd)
[ -f "$library" ] || { echo "wheel: '$library' is missing: build terrella-ffi first" >&2; exit 1; }

# A folder of its own: what an earlier build left cannot get into the wheel, and the sources stay clean.
staged=$(mktemp -d)
trap 'rm -rf "$staged"' EXIT
cp -R "$here/src" "$here/pyproject.toml" "$here/setup.py" "$here/README.md" "$here/../LICENSE" "$staged"
find "$staged" -name __pycache__ -type d -prune -exec rm -rf {} +
cp "$library" "$staged/src/terrella/"
# Debugging information is most of the library's size.
if command -v strip >/dev/null 2>&1; then
    strip -S "$staged/src/terrella/$(basename "$library")"
fi
mkdir -p "$folder"
python3 -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index \
    --wheel-dir "$folder" "$staged"
echo "wheel: $(ls -t "$folder"/terrella-*.whl | head -n 1)"
