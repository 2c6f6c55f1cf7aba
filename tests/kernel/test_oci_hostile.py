"""Root file systems and configurations that try to reach the host."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from tests.support.bundle import Bundle, canary, intact

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return canary(tmp_path / "OUT")


@pytest.fixture
def layer(bundle: Bundle, busybox: Path, tmp_path: Path) -> Path:
    """A layer of the attacker, on top of the common one."""
    folder = tmp_path / "evil"
    folder.mkdir()
    bundle.use_layers([str(folder), str(busybox)])
    return folder


@pytest.mark.parametrize("name", ["proc", "sys"])
@pytest.mark.parametrize("relative", [False, True])
def test_proc_and_sys_must_be_real_folders(bundle: Bundle, layer: Path, out: Path, name: str, relative: bool) -> None:
    (layer / name).symlink_to(f"../../../../../..{out}" if relative else out)
    done = bundle.run("true")
    assert done.returncode == 1
    assert f"/{name}" in done.stderr
    assert intact(out)


@pytest.mark.parametrize("name", ["dev", "dev/pts", "dev/shm", "etc", "tmp/sub"])
@pytest.mark.parametrize("relative", [False, True])
def test_links_lead_nowhere_outside(bundle: Bundle, layer: Path, out: Path, name: str, relative: bool) -> None:
    link = layer / name
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(f"../../../../../..{out}" if relative else out)
    hosts = bundle.folder / "hosts"
    hosts.write_text("names")
    bundle.config["mounts"] += [
        {"destination": "/tmp/sub/deep/er", "type": "tmpfs", "source": "tmpfs"},
        {"destination": "/etc/hosts", "type": "bind", "source": str(hosts), "options": ["bind"]},
    ]
    done = bundle.run("sh", "-c", "cat /etc/hosts; echo x > /dev/null")
    assert done.stdout == "names", done.stderr
    assert intact(out)
    assert not (bundle.upper / "null").exists()


def test_a_dangling_link_as_mount_point_is_made_inside(bundle: Bundle, layer: Path, out: Path) -> None:
    (layer / "etc").mkdir()
    (layer / "etc" / "resolv.conf").symlink_to(f"{out}/made/resolv.conf")
    source = bundle.folder / "resolv"
    source.write_text("nameserver 10.0.0.1")
    bundle.config["mounts"].append(
        {"destination": "/etc/resolv.conf", "type": "bind", "source": str(source), "options": ["bind"]}
    )
    assert bundle.output("cat /etc/resolv.conf") == "nameserver 10.0.0.1"
    assert intact(out)


def test_links_in_a_circle_end(bundle: Bundle, layer: Path) -> None:
    (layer / "a").symlink_to("b")
    (layer / "b").symlink_to("a")
    bundle.config["mounts"].append({"destination": "/a/x", "type": "tmpfs", "source": "tmpfs"})
    done = bundle.run("true")
    assert done.returncode == 1
    assert "symbolic links" in done.stderr


def test_a_false_null_device_hides_nothing(bundle: Bundle, layer: Path) -> None:
    (layer / "dev").mkdir()
    (layer / "dev" / "null").symlink_to("/proc/sys/kernel/core_pattern")
    bundle.config["mounts"] = [
        mount for mount in bundle.config["mounts"] if not mount["destination"].startswith("/dev")
    ]
    done = bundle.run("cat", "/proc/self/mountinfo")
    # Without a /dev of its own the container's null device cannot be made, and nothing is masked by the false one.
    assert done.returncode == 1
    assert "/dev/null" in done.stderr


@pytest.mark.parametrize("number", range(16))
def test_no_descriptor_leads_out_as_working_directory(bundle: Bundle, tmp_path: Path, number: int) -> None:
    bundle.config["process"]["cwd"] = f"/proc/self/fd/{number}"
    kept = [os.open("/", os.O_RDONLY) for _ in range(16)]
    for descriptor in kept:
        os.set_inheritable(descriptor, True)
    try:
        done = bundle.run("pwd", close_fds=False)
    finally:
        for descriptor in kept:
            os.close(descriptor)
    assert done.returncode == 1
    assert done.stdout == ""


@pytest.mark.parametrize("kind", ["link", "script"])
def test_the_interpreter_cannot_be_changed(bundle: Bundle, layer: Path, kind: str) -> None:
    """The container runs our own executable and, while it is there, writes through it (CVE-2019-5736)."""
    if kind == "link":
        (layer / "evil").symlink_to("/proc/self/exe")
    else:
        (layer / "evil").write_text("#!/proc/self/exe\n")
        (layer / "evil").chmod(0o755)
    before = _digest(sys.executable)
    bundle.run("/evil")
    for script in ("exec 3<>/proc/1/exe", "for p in /proc/[0-9]*; do echo x > $p/exe; done"):
        bundle.run("sh", "-c", script)
    assert _digest(sys.executable) == before


def test_nothing_of_the_image_is_imported(bundle: Bundle, layer: Path, out: Path) -> None:
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    for base in (f"usr/lib/{version}", f"usr/local/lib/{version}", "work/main/runtime_lib"):
        folder = layer / base
        (folder / "encodings").mkdir(parents=True)
        for name in ("os", "json", "codecs", "encodings/idna", "encodings/ascii", "linecache", "traceback"):
            (folder / f"{name}.py").write_text("import os\nos.write(2, b'PWNED')\nos._exit(99)\n")
    for program in ("true", "nonesuch"):
        done = bundle.run(program)
        assert "PWNED" not in done.stderr
        assert done.returncode in (0, 1)


def test_a_volume_at_proc_does_not_fool_the_masks(bundle: Bundle, tmp_path: Path) -> None:
    fake = tmp_path / "fake"
    (fake / "sys" / "net" / "ipv4").mkdir(parents=True)
    (fake / "sys" / "net" / "ipv4" / "ip_forward").write_text("fake")
    bundle.config["mounts"].append({"destination": "/proc", "type": "bind", "source": str(fake), "options": ["bind"]})
    bundle.config["linux"]["sysctl"] = {"net.ipv4.ip_forward": "1"}
    bundle.run("true")
    assert (fake / "sys" / "net" / "ipv4" / "ip_forward").read_text() == "fake"


def test_sysctl_names_do_not_climb(bundle: Bundle) -> None:
    for name in ("net/../kernel/core_pattern", "net.ipv4.ip_forward\n", "kernel..core_pattern", "core_pattern"):
        bundle.config["linux"]["sysctl"] = {name: "evil"}
        assert "sysctl" in bundle.run("true").stderr


def test_a_passwd_that_is_a_fifo_does_not_hang(bundle: Bundle, layer: Path) -> None:
    (layer / "etc").mkdir()
    os.mkfifo(layer / "etc" / "passwd")
    assert bundle.run("true").returncode == 0


def test_removing_the_bundle_touches_no_bind_source(bundle: Bundle, out: Path) -> None:
    bundle.config["mounts"].append({"destination": "/data", "type": "bind", "source": str(out), "options": ["rbind"]})
    bundle.begin("sleep", "60")
    bundle.end()
    shutil.rmtree(bundle.upper)
    assert intact(out)


def test_a_mount_point_that_is_swapped_all_the_time(bundle: Bundle, out: Path, tmp_path: Path) -> None:
    """Somebody who shares a volume replaces a folder by a link to the host while we mount below it (CVE-2021-30465)."""
    volume = tmp_path / "volume"
    (volume / "a").mkdir(parents=True)
    bundle.config["mounts"] += [
        {"destination": "/volume", "type": "bind", "source": str(volume), "options": ["rbind", "rprivate"]},
        {"destination": "/volume/a/sub", "type": "tmpfs", "source": "tmpfs"},
        {"destination": f"{out}/x", "type": "tmpfs", "source": "tmpfs"},
    ]
    attacker = os.fork()
    if attacker == 0:
        _swap(volume, out)
    try:
        codes = {bundle.run("true").returncode for _ in range(20)}
    finally:
        os.kill(attacker, signal.SIGKILL)
        os.waitpid(attacker, 0)
    assert codes <= {0, 1}
    assert intact(out)
    assert str(out) not in Path("/proc/self/mountinfo").read_text()


def _swap(volume: Path, out: Path) -> NoReturn:
    try:
        while True:
            os.rename(volume / "a", volume / "b")
            os.symlink(out, volume / "a")
            os.unlink(volume / "a")
            os.rename(volume / "b", volume / "a")
    finally:
        os._exit(0)


def _digest(path: str) -> str:
    with open(os.path.realpath(path), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()
