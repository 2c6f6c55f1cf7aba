"""playbooks/rolling_nginx.yml: a new version, one application after the other, loses no request."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.sites.probe import LEAST
from tests.sites.site import BASE, PACKAGES, Site

SITE = "rolling_nginx"
FOLDERS = ("rolling_folder",)
VARIABLES = {"rolling_image": BASE, "rolling_packages": PACKAGES}
URL = "http://127.0.0.1:8080/"


def test_the_site(site: Site) -> None:
    assert "Run the front" in site.check()
    assert site.run()
    assert site.run() == []
    assert site.check() == []
    assert site.host.run("curl", "-sf", URL) == "1"
    probe = subprocess.Popen(
        site.host.inside("/usr/bin/python3", str(Path(__file__).with_name("probe.py")), URL),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        replaced = site.run(rolling_version="2")
    finally:
        said = json.loads(probe.communicate("")[0])
    assert replaced == ["Build the application", "Run the application", "Run the application"]
    assert said["failed"] == []
    assert set(said["answers"]) == {"1", "2"}
    assert sum(said["answers"].values()) >= LEAST
    assert {site.host.run("curl", "-sf", URL) for _ in range(20)} == {"2"}
    assert site.run(rolling_version="2") == []
    site.remove()
