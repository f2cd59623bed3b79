#!/bin/sh
# install.sh PYTHON FOLDER ARGUMENT...: `pip install ARGUMENT...` into the virtual environment FOLDER, made where missing.
set -eu
python=$1 folder=$2
shift 2

if ! "$folder/bin/python" -c '' 2>/dev/null; then
	if [ -z "$python" ]; then
		echo "no Python 3.11 or newer found; name one: make PYTHON=/path/to/python3" >&2
		exit 1
	fi
	rm -rf "$folder"
	# Some systems ship Python without ensurepip; their pip then fills the environment from outside.
	"$python" -m venv "$folder" >/dev/null 2>&1 || { rm -rf "$folder" && "$python" -m venv --without-pip "$folder"; }
fi
if "$folder/bin/python" -c 'import pip' 2>/dev/null; then
	set -- "$folder/bin/python" -m pip install "$@"
else
	set -- "$python" -m pip --python "$folder/bin/python" install "$@"
fi
PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore exec "$@" --quiet
