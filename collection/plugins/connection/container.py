# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks inside a container: each command is one `skiff exec` on the container's host, locally or over SSH."""

from __future__ import annotations

DOCUMENTATION = r"""
name: container
short_description: Run tasks in a container
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Runs commands and moves files in a running container of P(skiff.containers.container#module), on the controller or on
    a host that is reached over SSH. There is no engine to connect to, and the container needs no SSH server.
  - The image needs a shell with C(cat) and C(dd). Modules other than P(ansible.builtin.raw#module) also need Python in it.
  - On the host this needs root. See O(host_become) for everybody else.
options:
  remote_addr:
    description: The name or id of the container.
    type: str
    default: inventory_hostname
    vars:
      - name: inventory_hostname
      - name: ansible_host
      - name: ansible_skiff_container
  remote_user:
    description: The user in the container, by name or number. Without it, the one that the container runs as.
    type: str
    vars:
      - name: ansible_user
      - name: ansible_skiff_user
    ini:
      - section: defaults
        key: remote_user
    env:
      - name: ANSIBLE_REMOTE_USER
    cli:
      - name: user
    keyword:
      - name: remote_user
  executable:
    description: The shell in the container that runs the commands.
    type: str
    default: /bin/sh
    vars:
      - name: ansible_skiff_executable
  working_dir:
    description: The folder in the container in which commands start. Without it, the container's own.
    type: str
    vars:
      - name: ansible_skiff_working_dir
  privileged:
    description: Give the commands all privileges.
    type: bool
    default: false
    vars:
      - name: ansible_skiff_privileged
  extra_env:
    description:
      - Environment variables that only commands of this connection get. Values must be texts.
      - They stand on the command line of C(skiff exec) on the host, so they are no place for secrets.
    type: dict
    default: {}
    vars:
      - name: ansible_skiff_extra_env
  container_timeout:
    description: How many seconds to wait for the host to answer, and for C(become) in the container to succeed.
    type: int
    default: 30
    vars:
      - name: ansible_skiff_timeout
  pipelining:
    description:
      - Send modules through the standard input of Python, which needs no temporary file in the container.
      - Tasks with C(async), and with C(su) as their become method, use files as they do with any connection.
    type: bool
    default: true
    vars:
      - name: ansible_pipelining
      - name: ansible_skiff_pipelining
  root:
    description: The folder of the installation on the container's host.
    type: str
    default: /var/lib/skiff
    env:
      - name: SKIFF_ROOT
    vars:
      - name: ansible_skiff_root
  host:
    description:
      - The address of the container's host, as SSH takes it. V(localhost) is the controller itself, without SSH.
      - To name a host of the inventory, take its variables, as in V({{ hostvars['vm1'].ansible_host }}).
    type: str
    default: localhost
    vars:
      - name: ansible_skiff_host
  host_port:
    description: The port of the SSH server on O(host).
    type: int
    vars:
      - name: ansible_skiff_host_port
  host_user:
    description: The user on O(host).
    type: str
    vars:
      - name: ansible_skiff_host_user
  host_private_key_file:
    description: The file with the private key for O(host).
    type: str
    vars:
      - name: ansible_skiff_host_private_key_file
  host_password:
    description: The password for O(host), where no key is used. Needs what P(ansible.builtin.ssh#connection) needs for it.
    type: str
    vars:
      - name: ansible_skiff_host_password
  host_ssh_args:
    description: More options for SSH to O(host), as O(ansible.builtin.ssh#connection:ssh_common_args).
    type: str
    vars:
      - name: ansible_skiff_host_ssh_args
  host_become:
    description: Become root on the host by C(sudo), which must not ask for a password.
    type: bool
    default: false
    vars:
      - name: ansible_skiff_host_become
notes:
  - Options of SSH that are not listed here come from the configuration of P(ansible.builtin.ssh#connection).
"""

import os

from ansible.errors import AnsibleConnectionFailure, AnsibleError, AnsibleFileNotFound
from ansible.plugins.connection import ConnectionBase
from ansible_collections.skiff.containers.plugins.plugin_utils import exec_call, host_way

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MIB = 1024 * 1024
# How much of a file one command carries. The SSH plugin collects output in a way that is slow for large pieces.
PIECE = {True: 64 * MIB, False: 8 * MIB}


class Connection(ConnectionBase):
    """A connection to one container."""

    transport = "skiff.containers.container"
    has_pipelining = True

    def __init__(self, play_context: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(play_context, *args, **kwargs)
        self._to_host: Any = None

    def set_options(self, *args: Any, **kwargs: Any) -> None:
        """Take options. In a loop they may lead to another host, so the way there is made anew."""
        super().set_options(*args, **kwargs)
        self._connected = False

    def _connect(self) -> Connection:
        if not self._connected:
            self._to_host = host_way.connect(self.get_option, self._play_context)
            self._connected = True
        return self

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Run a shell command in the container; return its exit code, output and errors."""
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        self._display.vvv(f"EXEC {cmd}", host=self._container)
        asks = bool(sudoable and self.become and self.become.expect_prompt())
        return self._run([self.get_option("executable"), "-c", cmd], in_data, asks, sudoable)

    def put_file(self, in_path: str, out_path: str) -> None:
        """Write a file of the controller into the container, as the remote user."""
        super().put_file(in_path, out_path)
        self._display.vvv(f"PUT {in_path} TO {out_path}", host=self._container)
        if not os.path.exists(in_path):
            raise AnsibleFileNotFound(f"there is no file {in_path} to send to container {self._container}")
        with open(in_path, "rb") as file:
            piece = file.read(PIECE[self._local])
            self._shell_script('cat >"$1"' if piece else ': >"$1"', out_path, in_data=piece)
            while piece := file.read(PIECE[self._local]):
                self._shell_script('cat >>"$1"', out_path, in_data=piece)

    def fetch_file(self, in_path: str, out_path: str) -> None:
        """Write a file of the container to the controller."""
        super().fetch_file(in_path, out_path)
        self._display.vvv(f"FETCH {in_path} TO {out_path}", host=self._container)
        size = PIECE[self._local]
        script = f'dd if="$1" bs={MIB} count={size // MIB} skip="$2"'
        piece = self._shell_script(script, in_path, "0")
        with open(out_path, "wb") as file:
            file.write(piece)
            while len(piece) == size:
                piece = self._shell_script(script, in_path, str(file.tell() // MIB))
                file.write(piece)

    def reset(self) -> None:
        """Drop what is kept between tasks: the shared connection of SSH, if there is one."""
        self._connect()
        self._to_host.reset()
        self.close()

    def close(self) -> None:
        """Forget the way to the host."""
        self._connected = False

    @property
    def _container(self) -> str:
        return str(self.get_option("remote_addr"))

    @property
    def _local(self) -> bool:
        return host_way.is_local(self.get_option("host"))

    def _shell_script(self, script: str, *arguments: str, in_data: bytes | None = None) -> bytes:
        """Run a script with arguments that need no quoting; return its output. Raises AnsibleError with its errors."""
        self._connect()
        words = [self.get_option("executable"), "-c", script, "sh", *arguments]
        code, output, errors = self._run(words, in_data, False, False)
        if code:
            said = errors.decode(errors="replace").strip() or f"the command ended with {code}"
            raise AnsibleError(f"container {self._container}: {arguments[0]}: {said}")
        return output

    def _run(self, words: list[str], in_data: bytes | None, asks: bool, sudoable: bool) -> tuple[int, bytes, bytes]:
        """Run a program in the container. Without data or a password to send, its standard input is empty."""
        self._to_host.set_become_plugin(self.become)
        words = [*self._exec_options(bool(in_data) or asks), self._container, *words]
        call = exec_call.host_command(self.get_option("root"), words, not self._local, self.get_option("host_become"))
        try:
            code, output, errors = self._to_host.exec_command(call, in_data=in_data or None, sudoable=sudoable)
        except AnsibleConnectionFailure:
            raise
        except AnsibleError as error:  # `local` waits for become, and takes the end of the command for its failure
            self._raise_if_not_run(exec_call.ENGINE_FAILED, str(error))
            raise
        self._raise_if_not_run(code, errors.decode(errors="replace"))
        code, errors = exec_call.real_end(code, errors)
        return code, output, errors

    def _exec_options(self, interactive: bool) -> list[str]:
        options = ["exec", *(["--interactive"] if interactive else [])]
        for option, name in (("remote_user", "--user"), ("working_dir", "--workdir")):
            if self.get_option(option):
                options += [name, str(self.get_option(option))]
        for name, value in (self.get_option("extra_env") or {}).items():
            if not isinstance(value, str):
                raise AnsibleError(f"extra_env: the value of {name} must be a text: put it in quotes")
            options += ["--env", f"{name}={value}"]
        return [*options, "--privileged"] if self.get_option("privileged") else options

    def _raise_if_not_run(self, code: int, errors: str) -> None:
        host = "this host" if self._local else f"host {self.get_option('host')}"
        reason = exec_call.failure(code, errors, host, self._container, self.get_option("host_become"))
        if reason:
            raise AnsibleConnectionFailure(reason)
