"""Turn the instructions of a stage into steps. Pure: it needs the base image's configuration, nothing of the host."""

from __future__ import annotations

import json
import posixpath
from dataclasses import replace

from ..errors import InvalidSpec
from . import expansion, imageconfig, instructions
from .arguments import Arguments
from .lines import Line
from .steps import CopyStep, RunStep, Step, WorkdirStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from .dockerfile import Dockerfile, Stage
    from .instructions import Instruction

_REMOTE = ("http://", "https://", "ftp://", "git://", "git@", "ssh://")
_NO_TRIGGERS = ("ONBUILD", "FROM", "MAINTAINER")


def global_arguments(dockerfile: Dockerfile, given: Mapping[str, str]) -> dict[str, str | None]:
    """Return the arguments before the first FROM, with the values that the user gave."""
    values: dict[str, str | None] = {}
    for item in dockerfile.arguments:
        for text in item.arguments:
            known = {name: value for name, value in values.items() if value is not None}
            name, default = _argument(item, text, known, dockerfile.escape)
            values[name] = given.get(name, default)
    return values


def base_name(dockerfile: Dockerfile, stage: Stage, values: Mapping[str, str | None]) -> str:
    """Return the image or stage that a FROM names. Raises InvalidSpec when nothing is left of its variables."""
    known = {name: value for name, value in values.items() if value is not None}
    try:
        name = expansion.word(stage.base, known, dockerfile.escape)
    except InvalidSpec as error:
        raise InvalidSpec(f"{stage.where}: {error}") from error
    if not name:
        raise InvalidSpec(
            f"{stage.where}: the base image {stage.base} is empty; give its variable with ARG before FROM"
        )
    return name


def steps(dockerfile: Dockerfile, stage: Stage, base: Mapping[str, Any] | None, arguments: Arguments) -> list[Step]:
    """Return the steps of a stage on a base image with the configuration `base` (None: FROM scratch).

    Raises InvalidSpec with file and line. Instructions that the base image left for its children come first.
    """
    interpreter = _Interpreter(imageconfig.base(base), arguments, dockerfile.escape)
    triggers = [_trigger(text, stage, dockerfile.escape) for text in (base or {}).get("OnBuild") or ()]
    return [interpreter.step(item) for item in [*triggers, *stage.instructions]]


def _trigger(text: str, stage: Stage, escape: str) -> Instruction:
    item = instructions.parse(Line(0, text), "ONBUILD", escape)
    return replace(item, where=f"{stage.where} (left by ONBUILD in {stage.base})")


def _argument(item: Instruction, text: str, values: Mapping[str, str], escape: str) -> tuple[str, str | None]:
    name, separator, default = text.partition("=")
    try:
        name = expansion.word(name, values, escape)
        if not name:
            raise InvalidSpec("ARG needs a name before =")
        return name, expansion.word(default, values, escape) if separator else None
    except InvalidSpec as error:
        raise InvalidSpec(f"{item.where}: {error}") from error


class _Interpreter:
    """The state between two instructions of a stage."""

    def __init__(self, config: dict[str, Any], arguments: Arguments, escape: str) -> None:
        self.config = config
        self.arguments = arguments
        self.escape = escape
        self.author = ""
        self.command_is_ours = False
        self.verbs: dict[str, Callable[[Instruction], Step]] = {
            "ADD": self.copy,
            "ARG": self.arg,
            "CMD": self.command,
            "COPY": self.copy,
            "ENTRYPOINT": self.command,
            "ENV": self.env,
            "EXPOSE": self.expose,
            "HEALTHCHECK": self.healthcheck,
            "LABEL": self.label,
            "MAINTAINER": self.maintainer,
            "ONBUILD": self.onbuild,
            "RUN": self.run,
            "SHELL": self.shell,
            "STOPSIGNAL": self.stop_signal,
            "USER": self.user,
            "VOLUME": self.volume,
            "WORKDIR": self.workdir,
        }

    def step(self, item: Instruction) -> Step:
        try:
            return self.verbs[item.name](item)
        except InvalidSpec as error:
            text = str(error)
            raise error if text.startswith(item.where) else InvalidSpec(f"{item.where}: {text}") from error

    def expand(self, text: str) -> str:
        return expansion.word(text, self.values(), self.escape)

    def values(self) -> dict[str, str]:
        env = imageconfig.env_map(self.config)
        return {**self.arguments.visible(env), **env}

    def changed(self, item: Instruction, comment: str, **settings: Any) -> Step:
        """Change the configuration; the history's text has two blanks, as Docker's builder writes it."""
        self.config = {**self.config, **settings}
        return self.recorded(item, f" {item.name} {comment}")

    def recorded(self, item: Instruction, comment: str) -> Step:
        created_by = " ".join([*imageconfig.shell(self.config), f"#(nop) {comment}"])
        return Step(item.where, item.text, created_by, self.config, self.author)

    def env(self, item: Instruction) -> Step:
        pairs = self.pairs(item)
        return self.changed(item, _joined(pairs), Env=imageconfig.with_env(self.config, dict(pairs))["Env"])

    def label(self, item: Instruction) -> Step:
        pairs = self.pairs(item)
        return self.changed(item, _joined(pairs), Labels=imageconfig.with_labels(self.config, dict(pairs))["Labels"])

    def pairs(self, item: Instruction) -> list[tuple[str, str]]:
        values = self.values()  # one set for the whole line: `ENV a=1 b=$a` has the old a
        texts = [expansion.word(text, values, self.escape) for text in item.arguments]
        if "" in texts[0::2]:
            raise InvalidSpec(f"{item.name} has an empty name; write NAME=VALUE")
        return list(zip(texts[0::2], texts[1::2]))

    def arg(self, item: Instruction) -> Step:
        found = [_argument(item, text, self.values(), self.escape) for text in item.arguments]
        for name, default in found:
            self.arguments.declare(name, default)
        return self.changed(item, " ".join(name if value is None else f"{name}={value}" for name, value in found))

    def expose(self, item: Instruction) -> Step:
        values = self.values()
        texts = sorted(word for text in item.arguments for word in expansion.words(text, values, self.escape))
        ports = imageconfig.with_ports(self.config, texts)["ExposedPorts"]
        return self.changed(item, " ".join(texts), ExposedPorts=ports)

    def volume(self, item: Instruction) -> Step:
        paths = [self.expand(text).strip() for text in item.arguments]
        if "" in paths:
            raise InvalidSpec("VOLUME has an empty path; name a folder of the container")
        return self.changed(item, _listed(paths), Volumes=imageconfig.with_volumes(self.config, paths)["Volumes"])

    def user(self, item: Instruction) -> Step:
        name = self.expand(item.arguments[0])
        return self.changed(item, name, User=name)

    def stop_signal(self, item: Instruction) -> Step:
        name = self.expand(item.arguments[0])
        return self.changed(item, name, StopSignal=name)

    def maintainer(self, item: Instruction) -> Step:
        self.author = item.arguments[0]
        return self.changed(item, self.author)

    def onbuild(self, item: Instruction) -> Step:
        text = item.arguments[0]
        trigger = instructions.parse(Line(0, text), item.where, self.escape)
        if trigger.name in _NO_TRIGGERS:
            raise InvalidSpec(f"ONBUILD {trigger.name} is not allowed")
        return self.changed(item, text, OnBuild=[*(self.config.get("OnBuild") or ()), text])

    def shell(self, item: Instruction) -> Step:
        if not item.is_json:
            raise InvalidSpec('SHELL takes a list: SHELL ["/bin/sh", "-c"]')
        return self.changed(item, _listed(item.arguments), Shell=list(item.arguments))

    def healthcheck(self, item: Instruction) -> Step:
        text = item.arguments[0]
        verb, _, rest = text.partition(" ")
        if verb.upper() not in ("NONE", "CMD") or (verb.upper() == "CMD") != bool(rest.strip()):
            raise InvalidSpec("HEALTHCHECK takes NONE or [flags] CMD COMMAND")
        listed = _json_list(rest.strip())
        check = imageconfig.healthcheck(dict(item.flags), rest.strip() or verb, listed)
        return self.changed(item, text, Healthcheck=check)

    def command(self, item: Instruction) -> Step:
        """CMD and ENTRYPOINT; an entrypoint drops the command that the base image had."""
        words = self.words(item)
        if item.name == "CMD":
            self.command_is_ours = True
            return self.changed(item, _quoted(words), Cmd=words or None)
        if not self.command_is_ours:
            self.config = {**self.config, "Cmd": None}
        return self.changed(item, _quoted(words), Entrypoint=words or None)

    def words(self, item: Instruction) -> list[str]:
        if item.is_json or not item.arguments:
            return list(item.arguments)
        return [*imageconfig.shell(self.config), item.arguments[0]]

    def run(self, item: Instruction) -> Step:
        argv = self.words(replace(item, arguments=(_script(item),)) if item.heredocs else item)
        if not argv:
            raise InvalidSpec("RUN needs a command")
        env = imageconfig.env_map(self.config)
        seen = [f"{name}={value}" for name, value in {**env, **self.arguments.visible(env)}.items()]
        recorded = [f"{name}={value}" for name, value in self.arguments.recorded(env).items()]
        created_by = " ".join([f"|{len(recorded)}", *recorded, *argv] if recorded else argv)
        keyed = [*(self.config.get("Env") or ()), *recorded]
        return RunStep(
            item.where,
            item.text,
            created_by,
            self.config,
            self.author,
            tuple(argv),
            tuple(seen),
            tuple(keyed),
            self.config.get("User") or "",
            self.config.get("WorkingDir") or "/",
            tuple(self.config.get("Volumes") or ()),
        )

    def copy(self, item: Instruction) -> Step:
        values = self.values()
        paths = [expansion.word(text, values, self.escape) for text in item.arguments]
        if len(paths) < 2:
            raise InvalidSpec(f"{item.name} needs at least one source and a destination")
        heredocs = tuple(
            replace(part, content=expansion.word(part.content, values, self.escape)) if part.expand else part
            for part in item.heredocs
        )
        # Documents in place of files have been taken out of the text already; what is left are paths.
        sources = [path for path, text in zip(paths[:-1], item.arguments) if not (heredocs and text.startswith("<<"))]
        self.check_sources(item, sources)
        if len(sources) + len(heredocs) > 1 and not paths[-1].endswith("/"):
            raise InvalidSpec(f"the destination {paths[-1]!r} of several sources must end with /")
        owner = expansion.word(item.flag("chown"), values, self.escape)
        prefix = " ".join([*imageconfig.shell(self.config), f"#(nop) {item.name}"])
        return CopyStep(
            item.where,
            item.text,
            f"{prefix} --chown={owner}" if owner else f"{prefix} ",
            self.config,
            self.author,
            tuple(sources),
            heredocs,
            self.destination(paths[-1]),
            paths[-1],
            item.flag("from"),
            owner,
            _mode(expansion.word(item.flag("chmod"), values, self.escape)),
            item.name == "ADD",
        )

    @staticmethod
    def check_sources(item: Instruction, sources: Sequence[str]) -> None:
        for source in sources:
            if item.name == "ADD" and source.lower().startswith(_REMOTE):
                raise InvalidSpec(
                    f"ADD of an address ({source[:60]}) is not supported yet; download it before the build "
                    "(ansible.builtin.get_url) and ADD the file"
                )
            if ".." in posixpath.normpath(source.lstrip("/")).split("/"):
                raise InvalidSpec(f"{item.name} {source[:60]!r} leads out of the build context; move the file into it")

    def destination(self, path: str) -> str:
        folder = path.endswith("/") or posixpath.basename(path) in (".", "")
        absolute = imageconfig.working_dir(self.config, path)
        return absolute if not folder or absolute.endswith("/") else f"{absolute}/"

    def workdir(self, item: Instruction) -> Step:
        path = imageconfig.working_dir(self.config, self.expand(item.arguments[0]))
        self.config = {**self.config, "WorkingDir": path}
        made = self.recorded(item, f"WORKDIR {path}")
        return WorkdirStep(made.where, made.text, made.created_by, made.config, made.author, path)


def _script(item: Instruction) -> str:
    """Return what the shell gets for a RUN with here-documents: the document itself where there is nothing else."""
    command = item.arguments[0]
    if len(item.heredocs) == 1 and command.split() == [command.strip()] and command.startswith("<<"):
        return item.heredocs[0].content
    return "\n".join([command, *(f"{part.content}{part.name}" for part in item.heredocs)]) + "\n"


def _mode(text: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or len(text) > 5 or not set(text) <= set("01234567"):
        raise InvalidSpec(f"--chmod={text[:40]} is no octal number such as 0644; symbolic modes are not supported yet")
    return int(text, 8) & 0o7777


def _json_list(text: str) -> list[str] | None:
    try:
        value = json.loads(text) if text.startswith("[") else None
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, list) and all(isinstance(item, str) for item in value) else None


def _joined(pairs: Sequence[tuple[str, str]]) -> str:
    return " ".join(f"{name}={value}" for name, value in pairs)


def _listed(texts: Sequence[str]) -> str:
    return f"[{' '.join(texts)}]"


def _quoted(texts: Sequence[str]) -> str:
    """Return a list as Go's %q prints it."""
    return _listed([json.dumps(text, ensure_ascii=False) for text in texts])
