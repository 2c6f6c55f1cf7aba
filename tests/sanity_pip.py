"""Let ansible-test make its virtual environments where the host of its get-pip script is out of reach.

It downloads that script and keeps it in its cache. Where the download fails, the cache gets one that installs with pip
itself, from a wheel that pip can download from the index it is configured for.
"""

from __future__ import annotations

import re
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import ansible_test
from ansible_test._internal import python_requirements

CACHE = Path("~/.ansible/test/cache").expanduser()
STAND_IN = """\
import runpy, sys
sys.path.insert(0, {wheel!r})
sys.argv = ["pip", "install", *(word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel"))]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""


def main() -> None:
    setup = Path(ansible_test.__file__).parent / "_util/target/setup/requirements.py"
    address = re.search(r"url = '(https://[^']*get-pip[^']*)' %", setup.read_text())
    version = re.search(r"pip='([\d.]+)'", Path(python_requirements.__file__).read_text())
    if not address or not version:
        return  # another ansible-test: it has another way
    name = f"get_pip_{version[1].replace('.', '_')}.py"
    if (CACHE / name).exists() or reachable(address[1] % version[1]):
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(CACHE), f"pip=={version[1]}"]
    subprocess.run(pip, check=True)
    (CACHE / name).write_text(STAND_IN.format(wheel=str(CACHE / f"pip-{version[1]}-py3-none-any.whl")))


def reachable(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=10):
            return True
    except (urllib.error.URLError, TimeoutError):
        return False


if __name__ == "__main__":
    main()
