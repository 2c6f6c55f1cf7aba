"""The same questions to containers of Docker and of Skiff, on a kernel with AppArmor: prints JSON, in the guest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Union

from tests.support.skiff import Skiff
from tests.support.waiting import until

BASE = "/root/base.tar"
PROFILE = "profile only-reading {\n  file,\n  deny /tmp/** w,\n  signal,\n}\n"
ALL = ("--cap-add", "ALL", "--security-opt", "seccomp=unconfined", "--security-opt", "systempaths=unconfined")
OPEN = ("--security-opt", "apparmor=unconfined")
LABEL = ("cat", "/proc/self/attr/current")
# What each of these does to the guest is undone with the guest.
ATTEMPTS = (
    "mount -t tmpfs none /m", "mount -o bind /etc /m", "echo h >/proc/sysrq-trigger", "head -c 1 /proc/kcore",
    "echo 1 >/proc/sys/kernel/printk_delay", "echo 65536 >/proc/sys/kernel/shmmni", "echo 1 >/proc/sys/vm/swappiness",
    "head -c 1 /sys/firmware/memmap/0/start", "echo 0 >/proc/self/oom_score_adj", "cat /proc/1/cmdline",
    "ls /proc/1/root/",
)  # fmt: skip
ON_THE_HOST = ("kill -0 $H", "kill -CONT $H", "kill -TERM $H", "head -c 1 /proc/$H/environ", "ls /proc/$H/root/")


class Docker:
    """`run` is a call of Docker's command."""

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["docker", *arguments], check=check, capture_output=True, text=True)


Engine = Union[Docker, Skiff]


def main() -> None:
    skiff = Skiff(Path("/var/lib/skiff-test"))
    subprocess.run(["apparmor_parser", "-r"], input=PROFILE, text=True, check=True)
    with dockerd() as docker:
        skiff.run("import", BASE, "base:1")
        docker.run("import", BASE, "base:1")
        seen: dict[str, Any] = {"docker": of(docker), "skiff": of(skiff)}
        seen["dockers_profile"] = inside(skiff, *LABEL, options=("--security-opt", "apparmor=docker-default"))
    seen["own"] = own(skiff)
    sys.stdout.write(json.dumps(seen))


@contextmanager
def dockerd() -> Iterator[Docker]:
    """A Docker Engine without networks of its own."""
    with open("/tmp/dockerd.log", "w") as log:
        process = subprocess.Popen(["dockerd", "--iptables=false", "--ip6tables=false"], stdout=log, stderr=log)
    docker = Docker()
    until(lambda: docker.run("info", check=False).returncode == 0, 300)
    try:
        yield docker
    finally:
        process.terminate()
        process.wait(60)


def inside(engine: Engine, *command: str, options: tuple[str, ...] = ()) -> str:
    """Return what a program in a new container prints."""
    return engine.run("run", "--rm", "--network", "none", *options, "base:1", *command).stdout.strip()


def tried(engine: Engine, attempts: tuple[str, ...], *options: str) -> dict[str, str]:
    """Return `done`, or the last words of the shell's complaint, of each attempt, and the profile of the shell."""
    lines = [
        f'mkdir -p /m; if e=$( ({attempt}) 2>&1 >/dev/null); then echo done; else echo "${{e##*: }}"; fi'
        for attempt in attempts
    ]
    said = inside(engine, "sh", "-c", "\n".join([*lines, " ".join(LABEL)]), options=options).splitlines()
    return dict(zip((*attempts, "label"), said, strict=True))


def of(engine: Engine) -> dict[str, Any]:
    """Everything in which the two should be alike."""
    host = subprocess.Popen(["sleep", "1000"])
    both = ("--pid", "host", "-e", f"H={host.pid}", "--security-opt", "no-new-privileges")
    named = ("--privileged", "--security-opt", "apparmor=only-reading")
    seen: dict[str, Any] = {
        "confined": tried(engine, ATTEMPTS, *ALL),
        "unconfined": tried(engine, ATTEMPTS, *ALL, *OPEN),
        "host": tried(engine, ON_THE_HOST, *ALL, *both),
        "stays": host.poll() is None,
        "named": inside(engine, *LABEL, options=named),
        "lives": lives(engine),
    }
    host.kill()
    host.wait()
    return seen


def lives(engine: Engine) -> dict[str, Any]:
    """What is done to a confined container from outside and inside, and what inspect says, also of a privileged one."""
    engine.run("create", "--name", "all", "--network", "none", "--privileged", "base:1", *LABEL)
    trap = "trap 'exit 7' TERM; trap : USR1; while :; do sleep 0.1; done"
    engine.run("run", "-d", "--name", "one", "--init", "--network", "none", "base:1", "sh", "-c", trap)
    question = "{{.State.Status}} {{.State.ExitCode}} {{.AppArmorProfile}}."
    pid, *before = engine.run("inspect", "-f", "{{.State.Pid}}\n" + question, "one", "all").stdout.split("\n")
    first = Path(f"/proc/{pid}/attr/current").read_text().strip()
    commands = f"{' '.join(LABEL)}; kill -USR1 1 && echo sent"
    seen: dict[str, Any] = {
        "before": before,
        "first": first,
        "exec": engine.run("exec", "--privileged", "one", "sh", "-c", commands).stdout.split("\n"),
        "privileged": engine.run("start", "-a", "all").stdout.strip(),
    }
    engine.run("stop", "-t", "60", "one")
    seen["after"] = engine.run("inspect", "-f", question, "one", "all").stdout.split("\n")
    engine.run("rm", "one", "all")
    return seen


def own(skiff: Skiff) -> dict[str, Any]:
    """What is Skiff's alone: a missing profile, a profile that is gone, a host without the parser."""
    missing = skiff.run("create", "--security-opt", "apparmor=nosuch", "base:1", "true", check=False)
    skiff.run(
        "create", "--name", "late", "--network", "none", "--security-opt", "apparmor=only-reading", "base:1", "true"
    )
    _remove_profile("only-reading")
    late = skiff.run("start", "late", check=False)
    seen = {
        "missing": [missing.returncode, missing.stderr],
        "late": [late.returncode, late.stderr],
        "left": skiff.run("ps", "-a", "--format", "{{.Names}} {{.State}}").stdout,
        "info": skiff.run("info", "-f", "{{.SecurityOptions}}").stdout,
    }
    _remove_profile("docker-default")
    seen["dockers_profile"] = inside(skiff, *LABEL, options=("--security-opt", "apparmor=docker-default"))
    _remove_profile("skiff-default")
    seen["loaded_again"] = inside(skiff, *LABEL)
    _remove_profile("skiff-default")
    parser = Path("/usr/sbin/apparmor_parser")
    parser.rename("/root/apparmor_parser")
    seen["no_parser"] = inside(skiff, *LABEL)
    seen["no_parser_info"] = skiff.run("info", "-f", "{{.SecurityOptions}}").stdout
    os.rename("/root/apparmor_parser", parser)
    return seen


def _remove_profile(name: str) -> None:
    Path("/sys/kernel/security/apparmor/.remove").write_text(name)


if __name__ == "__main__":
    main()
