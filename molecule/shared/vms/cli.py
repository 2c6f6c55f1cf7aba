"""The command `vmctl`."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence

from . import control, image, machine, places, qemu, recipe, rootfs, ssh, template
from .machine import Refused, Wish


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        answer = options.call(options)
    except (Refused, RuntimeError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"vmctl: {error}\n")
        return 1
    if answer is not None:
        sys.stdout.write(json.dumps(answer, indent=1) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vmctl", description="Debian VMs as hosts for tests")
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")
    verb = verbs.add_parser("image", help="make an image from packages, unless it is in the cache")
    verb.add_argument("kinds", nargs="*", metavar="KIND", help=", ".join(recipe.KINDS))
    verb.set_defaults(call=_image)
    verb = verbs.add_parser("rootfs", help="make a root file system for images, unless it is in the cache")
    verb.add_argument("name", metavar="NAME")
    verb.set_defaults(call=lambda options: str(rootfs.make(options.name)))
    verb = verbs.add_parser("template", help="boot an image once and freeze it, unless that was done")
    _shape(verb)
    verb.set_defaults(call=_template)
    verb = verbs.add_parser("up", help="start machines; prints how to reach them")
    verb.add_argument("names", nargs="+", metavar="NAME[=ADDRESS/LENGTH]")
    _shape(verb)
    verb.add_argument("--wire", default="", help="the private network that they share")
    verb.add_argument("--forward", action="append", type=int, default=[], metavar="PORT", help="a port of the guest")
    verb.add_argument("--cold", action="store_true", help="boot instead of thawing the template")
    verb.set_defaults(call=_up)
    verb = verbs.add_parser("create", help="start the machines of a Molecule scenario: JSON platforms on stdin")
    verb.set_defaults(call=_create)
    for name, call, text in (
        ("down", control.down, "end machines and remove what is theirs"),
        ("power-cut", control.power_cut, "kill QEMU; the disk keeps what the guest has flushed"),
        ("boot", control.boot, "boot machines from their disks after a power cut"),
        ("reboot", control.reboot, "reboot machines and wait until they are back"),
    ):
        verb = verbs.add_parser(name, help=text)
        verb.add_argument("names", nargs="*", metavar="NAME")
        verb.add_argument("--all", action="store_true", help="every machine of this checkout")
        verb.set_defaults(call=lambda options, call=call: call(_chosen(options)))
    verb = verbs.add_parser("list", help="print the machines of this checkout")
    verb.set_defaults(call=lambda _options: [_state(name) for name in control.names()])
    verb = verbs.add_parser("ssh", help="log in, or run a command")
    verb.add_argument("name", metavar="NAME")
    verb.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND")
    verb.set_defaults(call=_ssh)
    verb = verbs.add_parser("prune", help="remove images and templates that no recipe makes any more")
    verb.set_defaults(call=_prune)
    return parser


def _shape(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--image", default="base", choices=recipe.KINDS)
    verb.add_argument("--memory", type=int, default=Wish.memory, metavar="MIB")
    verb.add_argument("--cpus", type=int, default=1)


def _chosen(options: argparse.Namespace) -> list[str]:
    return control.names() if options.all else options.names


def _image(options: argparse.Namespace) -> list[str]:
    return [str(image.make(kind)) for kind in options.kinds or ["base"]]


def _template(options: argparse.Namespace) -> str:
    folder = image.make(options.image)
    wanted = Wish("template", options.image, options.memory, options.cpus)
    shaped = machine.choose(wanted, str(folder / "key"))
    return str(template.make(shaped, folder, qemu.accelerator(folder)))


def _up(options: argparse.Namespace) -> list[dict[str, object]]:
    shape = {"image": options.image, "memory": options.memory, "cpus": options.cpus, "cold": options.cold}
    shape.update(wire=options.wire, forwards=tuple(options.forward))
    pairs = [word.partition("=") for word in options.names]
    with control.alone():
        started = control.up([Wish(name=name, address=address, **shape) for name, _unused, address in pairs])
    return [each.instance() for each in started]


def _create(_options: argparse.Namespace) -> list[dict[str, object]]:
    wishes = [machine.wish(values) for values in json.load(sys.stdin)]
    with control.alone():
        control.down([each.name for each in wishes])  # a broken run has left them: Molecule knows of none
        control.up(wishes)
    return [machine.load(each.name).instance() for each in wishes]


def _state(name: str) -> dict[str, object]:
    word = "running" if control.running(name) else "off"
    try:
        return {**machine.load(name).instance(), "state": word}
    except Refused:
        return {"instance": name, "state": word}


def _ssh(options: argparse.Namespace) -> None:
    command = ssh.command(machine.load(options.name), *options.words)
    os.execvp(command[0], command)


def _prune(_options: argparse.Namespace) -> list[str]:
    images = {recipe.key(kind) for kind in recipe.KINDS}
    old = [path for path in places.cache().glob("images/*") if path.is_dir() and path.name not in images]
    for path in old:
        places.remove(path)
    return [str(path) for path in old]
