# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's shell is told so that it runs `skiff exec`, and what its answer means. Pure."""

from __future__ import annotations

import shlex

ENGINE_FAILED = 125
CANNOT_EXECUTE = 126
NOT_FOUND = 127
# ssh itself ends with 255, so a command that ends with 255 is told apart by these.
STANDS_FOR_255 = 254
MARK_255 = b"skiff-exit-255\n"
FAILURE = "skiff: "
SUDO = "sudo: "


def host_command(root: str, words: list[str], over_ssh: bool, become: bool) -> str:
    """Return the script for the host's shell: the command of the installation in `root` with these words."""
    command = f"{root}/bin/skiff"
    program = shlex.quote(command)
    nothing = shlex.quote(f"{FAILURE}there is no {command}")
    script = f"[ -x {program} ] || {{ echo {nothing} >&2; exit {ENGINE_FAILED}; }}; "
    call = f"{program} {' '.join(shlex.quote(word) for word in words)}"
    if over_ssh:
        mark = f"echo {MARK_255.decode().strip()} >&2; code={STANDS_FOR_255}"
        script += f"{call}; code=$?; [ $code -ne 255 ] || {{ {mark}; }}; exit $code"
    else:
        script += f"exec {call}"
    return f"sudo -n /bin/sh -c {shlex.quote(script)}" if become else script


def to_file(script: str) -> str:
    """Return the script that has the output of another one in a new file, whose path it prints."""
    return (
        'umask 077; file=$(mktemp /var/tmp/skiff.XXXXXXXXXX) || exit 125; '
        f'( {script} ) >"$file"; code=$?; '
        'if [ $code -eq 0 ]; then echo "$file"; else rm -f "$file"; fi; exit $code'
    )


def is_not_installed(root: str, code: int, errors: str) -> bool:
    """Whether the answer to `host_command` is that nothing was ever made on that host."""
    return code == ENGINE_FAILED and errors.strip() == f"{FAILURE}there is no {root}/bin/skiff"


def real_end(code: int, errors: bytes) -> tuple[int, bytes]:
    """Return the exit code and the errors of the command itself."""
    if code == STANDS_FOR_255 and errors.endswith(MARK_255):
        return 255, errors[: -len(MARK_255)]
    return code, errors


def failure(code: int, errors: str, host: str, container: str, root_by_sudo: bool) -> str:
    """Return why the command was not run and what to do about it, or "" when it was."""
    lines = errors.splitlines()
    if root_by_sudo and code == 1 and lines and lines[-1].startswith(SUDO):
        return f"{lines[-1]}: host_become needs sudo without a password on {host}"
    said = [line[len(FAILURE) :] for line in lines if line.startswith(FAILURE)]
    if not said or code not in (ENGINE_FAILED, CANNOT_EXECUTE, NOT_FOUND):
        return ""
    return _advice(code, said[-1], host, container)


def _advice(code: int, said: str, host: str, container: str) -> str:
    if said.startswith("there is no container"):
        return f"{said} on {host}: create it with skiff.containers.container"
    if said.startswith("there is no /"):
        advice = "create it with skiff.containers.container, or set ansible_skiff_root"
        return f"{said} on {host}, so there is no container {container!r} either: {advice}"
    if "need root" in said:
        return f"containers need root on {host}: log in as root, or set ansible_skiff_host_become"
    if code in (CANNOT_EXECUTE, NOT_FOUND):
        return f"{said} ({host}): name a shell of the image in ansible_skiff_executable"
    return f"{said} ({host})"
