# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Between Ansible and the library: the only file that knows both.

The library is on the host, byte-compiled, or the action plugin sends it along with the first task, which then installs it.
In check mode nothing is installed: on a bare host the library runs from what was sent.
"""

from __future__ import annotations

import fcntl
import importlib
import os
import sys

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PACKAGE = "runtime_lib"
CONNECTION = {
    "docker_host": {"type": "str", "aliases": ["docker_url"]},
    "tls_hostname": {"type": "str"},
    "api_version": {"type": "str", "aliases": ["docker_api_version"]},
    "timeout": {"type": "int"},
    "ca_path": {"type": "path", "aliases": ["ca_cert", "tls_ca_cert", "cacert_path"]},
    "client_cert": {"type": "path", "aliases": ["tls_client_cert", "cert_path"]},
    "client_key": {"type": "path", "aliases": ["tls_client_key", "key_path"]},
    "tls": {"type": "bool"},
    "use_ssh_client": {"type": "bool"},
    "validate_certs": {"type": "bool", "aliases": ["tls_verify"]},
    "docker_cli": {"type": "path"},
    "cli_context": {"type": "str"},
}


def run(
    topic: str,
    argument_spec: dict[str, Any],
    entries: str | None = None,
    writes: bool = True,
    installs: bool = True,
    **rules: Any,
) -> None:
    """Do one module's work: `perform()` of `runtime_lib/desired/<topic>.py`; never returns.

    `entries` is an option whose entries have the options of the module itself. `writes` is False for modules that only
    look, `installs` for the one whose work it is to install the library. `rules` go to AnsibleModule.
    """
    arguments = {**argument_spec, **CONNECTION, "debug": {"type": "bool", "default": False}}
    module = AnsibleModule(argument_spec=arguments, **{"supports_check_mode": True, **rules})
    options = {name: module.params[name] for name in argument_spec}
    if entries and options[entries] is not None:
        options[entries] = [_entry(module, argument_spec, entry) for entry in options[entries]]
    ignored = sorted(name for name in CONNECTION if module.params[name] is not None)
    if ignored:
        module.warn(f"There is no engine to connect to, so these options have no effect: {', '.join(ignored)}")
    _finish(module, _perform(module, topic, options, writes, installs))


def _entry(module: AnsibleModule, argument_spec: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry with each value in its type, under its first name, and None where it says nothing."""
    bare = {
        name: {key: value for key, value in option.items() if key not in ("default", "required")}
        for name, option in argument_spec.items()
    }
    checked = ArgumentSpecValidator(bare).validate(entry)
    if checked.error_messages:
        module.fail_json(msg=f"container {entry.get('name', '(without a name)')}: {checked.error_messages[0]}")
    return {name: checked.validated_parameters.get(name) for name in argument_spec}


def _perform(module: AnsibleModule, topic: str, options: dict[str, Any], writes: bool, installs: bool) -> Any:
    carried = _find_library(module)
    _library("linux.children").expect()
    touch = writes and not module.check_mode and (installs or not _nothing_to_remove(options))
    errors = _library("errors")
    try:
        store = _store(touch)
        if carried and touch and installs:
            _library("library").install(store)
        return _library(f"desired.{topic}").perform(store, options, module.check_mode)
    except errors.SkiffError as error:
        sentence = str(error)
    except OSError as error:
        sentence = errors.sentence(error)
    module.fail_json(msg=sentence)


def _nothing_to_remove(options: dict[str, Any]) -> bool:
    """Whether a host without anything of ours is to have nothing: then it must not get a folder either."""
    return options["state"] == "absent" and not os.path.exists(_library("paths").Layout.from_environment().root)


def _find_library(module: AnsibleModule) -> bool:
    """Make the library importable; return whether it was sent along and is not installed yet."""
    name = f"{sys.version_info[0]}.{sys.version_info[1]}-{os.environ.get('SKIFF_LIBRARY', '')}"
    folder = os.path.join(os.environ.get("SKIFF_ROOT", "/var/lib/skiff"), "lib", name)
    mark = os.path.join(folder, PACKAGE, ".complete")
    installed = _lease(mark)
    payload = os.environ.get("SKIFF_PAYLOAD")
    if not installed and not payload:
        module.fail_json(
            msg="this host does not have the library yet, and nothing sent it along", skiff_library_missing=True
        )
    sys.path.insert(0, folder if installed else str(payload))
    if installed:
        _library("linux.lease").hold(mark)
    return not installed


def _lease(path: str) -> bool:
    """Keep a copy that may not be imported yet from being removed; False when it is not there (any more)."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        return os.fstat(descriptor).st_ino == os.stat(path).st_ino
    except FileNotFoundError:
        return False


def _library(name: str) -> Any:
    return importlib.import_module(f"{PACKAGE}.{name}")


def _store(writes: bool) -> Any:
    layout = _library("paths").Layout.from_environment()
    store = _library("store").Store
    return store(layout) if writes else store.observer(layout)


def _finish(module: AnsibleModule, outcome: Any) -> None:
    result = {"changed": outcome.changed, **outcome.facts}
    debug = module.params["debug"]
    if module.check_mode or debug:
        result["actions"] = outcome.plan.actions
    if module._diff or debug:
        result["diff"] = {**outcome.plan.details, "before": outcome.plan.before, "after": outcome.plan.after}
    for text in outcome.warnings:
        module.warn(text)
    if outcome.failed:
        module.fail_json(msg=outcome.failed, **result)
    module.exit_json(**result)
