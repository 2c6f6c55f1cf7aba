#!/usr/bin/env bash
# Run ansible-test's sanity tests on the collection as it is released. ARGS go to ansible-test.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v ansible-test >/dev/null || PATH="$PWD/.venv/bin:$PATH"
staged=$(tools/stage)
python="$(dirname "$(command -v ansible-test)")/python3"
version=$("$python" -c 'import sys; sys.stdout.write("%d.%d" % sys.version_info[:2])')
"$python" tests/sanity_pip.py
cd "$staged"
ansible-test sanity --python "$version" --color no "$@"
echo "sanity: passed for Python $version"
