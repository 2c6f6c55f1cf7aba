"""A container whose program is an init system with OpenRC boots, and halts when it is stopped."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.alone import alone
from tests.support.skiff import Skiff
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
PATIENCE = 300.0  # seconds
# Debian's own, without terminals, and with what LXC's users add: the host's "power fails" means to halt.
INITTAB = """\
id:2:initdefault:
si::sysinit:/etc/init.d/rcS
l0:0:wait:/etc/init.d/rc 0
l2:2:wait:/etc/init.d/rc 2
l6:6:wait:/etc/init.d/rc 6
pf::powerwait:/sbin/shutdown -h now
"""
SERVICE = """\
#!/sbin/openrc-run
start() { echo started >>/var/log/ours; }
stop() { echo stopped >>/var/log/ours; }
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Skiff]:
    folder = tmp_path_factory.mktemp("system")
    archive = folder / "openrc.tar"
    words = ["mmdebstrap", "--quiet", "--variant=essential", "--include=openrc,sysvinit-core", "bookworm", str(archive)]
    subprocess.run(words, check=True)
    with alone(folder, archive, 'CMD ["/sbin/init"]', "STOPSIGNAL SIGPWR") as found:
        yield found


def test_openrc_boots_and_halts(host: Skiff, tmp_path: Path) -> None:
    (tmp_path / "inittab").write_text(INITTAB)
    (tmp_path / "ours").write_text(SERVICE)
    (tmp_path / "ours").chmod(0o755)
    # Halting is reboot(2), which ends the first process of a namespace (pid_namespaces(7)).
    host.run("create", "--name", "os", "--network=none", "--cap-add", "SYS_BOOT", "--tmpfs", "/run", "bb")
    host.run("cp", str(tmp_path / "inittab"), "os:/etc/inittab")
    host.run("cp", str(tmp_path / "ours"), "os:/etc/init.d/ours")
    for turn in (1, 2):
        host.run("start", "os")
        until(lambda: host.run("exec", "os", "runlevel", check=False).stdout == "N 2\n", PATIENCE)
        assert host.run("exec", "os", "cat", "/proc/1/comm").stdout == "init\n"
        host.run("exec", "os", "rc-service", "ours", "start")
        assert "started" in host.run("exec", "os", "rc-service", "ours", "status").stdout
        host.run("stop", "-t", str(int(PATIENCE)), "os")
        state = host.run("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", "os").stdout
        assert state == "exited 130\n"  # the kernel's word for a namespace that was halted: as by SIGINT
        target = tmp_path / f"log{turn}"
        host.run("cp", "os:/var/log/ours", str(target))
        assert target.read_text().splitlines() == ["started", "stopped"] * turn
