#!/bin/sh
# Makes the virtual environment; Debian's python3 may lack the venv module.
set -eu
python=$1 folder=$2
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Dianheng needs Python 3.11 or later; $python is $("$python" --version)." >&2
    exit 1
}
if ! "$python" -m venv "$folder" 2>/dev/null; then
    rm -rf "$folder"
    "$python" -m virtualenv "$folder" 2>/dev/null || {
        echo "python3 lacks venv. On Debian: apt-get install python3-venv" >&2
        exit 1
    }
fi
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
    -r "$(dirname "$0")/../requirements/build.txt"
