"""What each instruction means: the state of a stage between two instructions."""

from __future__ import annotations

import json
import posixpath

from ..errors import InvalidSpec
from ..images import healthcheck
from ..records import replace
from . import expansion, imageconfig, instructions
from .lines import Line
from .steps import CopyStep, RunStep, Step, WorkdirStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from .arguments import Arguments
    from .instructions import Instruction

_REMOTE = ("http://", "https://", "ftp://", "git://", "git@", "ssh://")
_NO_TRIGGERS = ("ONBUILD", "FROM", "MAINTAINER")


class Interpreter:
    """The state of one stage; `step` is to be called with its instructions in order."""

    def __init__(self, config: dict[str, Any], arguments: Arguments, escape: str) -> None:
        """Begin with the configuration of the base image."""
        self._config = config
        self._arguments = arguments
        self._escape = escape
        self._author = ""
        self._command_is_ours = False
        self._verbs: dict[str, Callable[[Instruction], Step]] = {
            "ADD": self._copy,
            "ARG": self._arg,
            "CMD": self._command,
            "COPY": self._copy,
            "ENTRYPOINT": self._command,
            "ENV": self._env,
            "EXPOSE": self._expose,
            "HEALTHCHECK": self._healthcheck,
            "LABEL": self._label,
            "MAINTAINER": self._maintainer,
            "ONBUILD": self._onbuild,
            "RUN": self._run,
            "SHELL": self._shell,
            "STOPSIGNAL": self._stop_signal,
            "USER": self._user,
            "VOLUME": self._volume,
            "WORKDIR": self._workdir,
        }

    def step(self, item: Instruction) -> Step:
        """Return the step of the next instruction. Raises InvalidSpec with file and line."""
        try:
            return self._verbs[item.name](item)
        except InvalidSpec as error:
            text = str(error)
            raise error if text.startswith(item.where) else InvalidSpec(f"{item.where}: {text}") from error

    def _expand(self, text: str) -> str:
        return expansion.word(text, self._values(), self._escape)

    def _values(self) -> dict[str, str]:
        env = imageconfig.env_map(self._config)
        return {**self._arguments.visible(env), **env}

    def _changed(self, item: Instruction, comment: str, **settings: Any) -> Step:
        """Change the configuration; the history's text has two blanks, as Docker's builder writes it."""
        self._config = {**self._config, **settings}
        return self._recorded(item, f" {item.name} {comment}")

    def _recorded(self, item: Instruction, comment: str) -> Step:
        created_by = " ".join([*imageconfig.shell(self._config), f"#(nop) {comment}"])
        return Step(item.where, item.text, created_by, self._config, self._author)

    def _env(self, item: Instruction) -> Step:
        pairs = self._pairs(item)
        return self._changed(item, _joined(pairs), Env=imageconfig.with_env(self._config, dict(pairs))["Env"])

    def _label(self, item: Instruction) -> Step:
        pairs = self._pairs(item)
        return self._changed(item, _joined(pairs), Labels=imageconfig.with_labels(self._config, dict(pairs))["Labels"])

    def _pairs(self, item: Instruction) -> list[tuple[str, str]]:
        values = self._values()  # one set for the whole line: `ENV a=1 b=$a` has the old a
        texts = [expansion.word(text, values, self._escape) for text in item.arguments]
        if "" in texts[0::2]:
            raise InvalidSpec(f"{item.name} has an empty name; write NAME=VALUE")
        return list(zip(texts[0::2], texts[1::2]))

    def _arg(self, item: Instruction) -> Step:
        found = [argument(item, text, self._values(), self._escape) for text in item.arguments]
        for name, default in found:
            self._arguments.declare(name, default)
        return self._changed(item, " ".join(name if value is None else f"{name}={value}" for name, value in found))

    def _expose(self, item: Instruction) -> Step:
        values = self._values()
        texts = sorted(word for text in item.arguments for word in expansion.words(text, values, self._escape))
        ports = imageconfig.with_ports(self._config, texts)["ExposedPorts"]
        return self._changed(item, " ".join(texts), ExposedPorts=ports)

    def _volume(self, item: Instruction) -> Step:
        paths = [self._expand(text).strip() for text in item.arguments]
        if "" in paths:
            raise InvalidSpec("VOLUME has an empty path; name a folder of the container")
        return self._changed(item, _listed(paths), Volumes=imageconfig.with_volumes(self._config, paths)["Volumes"])

    def _user(self, item: Instruction) -> Step:
        name = self._expand(item.arguments[0])
        return self._changed(item, name, User=name)

    def _stop_signal(self, item: Instruction) -> Step:
        name = self._expand(item.arguments[0])
        return self._changed(item, name, StopSignal=name)

    def _maintainer(self, item: Instruction) -> Step:
        self._author = item.arguments[0]
        return self._changed(item, self._author)

    def _onbuild(self, item: Instruction) -> Step:
        text = item.arguments[0]
        trigger = instructions.parse(Line(0, text), item.where, self._escape)
        if trigger.name in _NO_TRIGGERS:
            raise InvalidSpec(f"ONBUILD {trigger.name} is not allowed")
        return self._changed(item, text, OnBuild=[*(self._config.get("OnBuild") or ()), text])

    def _shell(self, item: Instruction) -> Step:
        if not item.is_json:
            raise InvalidSpec('SHELL takes a list: SHELL ["/bin/sh", "-c"]')
        return self._changed(item, _listed(item.arguments), Shell=list(item.arguments))

    def _healthcheck(self, item: Instruction) -> Step:
        text = item.arguments[0]
        verb, _unused, rest = text.partition(" ")
        if verb.upper() not in ("NONE", "CMD") or (verb.upper() == "CMD") != bool(rest.strip()):
            raise InvalidSpec("HEALTHCHECK takes NONE or [flags] CMD COMMAND")
        listed = _json_list(rest.strip())
        check = healthcheck.parse(dict(item.flags), rest.strip() or verb, listed)
        return self._changed(item, text, Healthcheck=check)

    def _command(self, item: Instruction) -> Step:
        """CMD and ENTRYPOINT; an entrypoint drops the command that the base image had."""
        words = self._words(item)
        if item.name == "CMD":
            self._command_is_ours = True
            return self._changed(item, _quoted(words), Cmd=words or None)
        if not self._command_is_ours:
            self._config = {**self._config, "Cmd": None}
        return self._changed(item, _quoted(words), Entrypoint=words or None)

    def _words(self, item: Instruction) -> list[str]:
        if item.is_json or not item.arguments:
            return list(item.arguments)
        return [*imageconfig.shell(self._config), item.arguments[0]]

    def _run(self, item: Instruction) -> Step:
        argv = self._words(replace(item, arguments=(_script(item),)) if item.heredocs else item)
        if not argv:
            raise InvalidSpec("RUN needs a command")
        env = imageconfig.env_map(self._config)
        seen = [f"{name}={value}" for name, value in {**env, **self._arguments.visible(env)}.items()]
        recorded = [f"{name}={value}" for name, value in self._arguments.recorded(env).items()]
        created_by = " ".join([f"|{len(recorded)}", *recorded, *argv] if recorded else argv)
        keyed = [*(self._config.get("Env") or ()), *recorded]
        return RunStep(
            item.where,
            item.text,
            created_by,
            self._config,
            self._author,
            tuple(argv),
            tuple(seen),
            tuple(keyed),
            self._config.get("User") or "",
            self._config.get("WorkingDir") or "/",
            tuple(self._config.get("Volumes") or ()),
        )

    def _copy(self, item: Instruction) -> Step:
        values = self._values()
        paths = [expansion.word(text, values, self._escape) for text in item.arguments]
        if len(paths) < 2:
            raise InvalidSpec(f"{item.name} needs at least one source and a destination")
        heredocs = tuple(
            replace(part, content=expansion.word(part.content, values, self._escape)) if part.expand else part
            for part in item.heredocs
        )
        # Documents in place of files have been taken out of the text already; what is left are paths.
        sources = [path for path, text in zip(paths[:-1], item.arguments) if not (heredocs and text.startswith("<<"))]
        self._check_sources(item, sources)
        if len(sources) + len(heredocs) > 1 and not paths[-1].endswith("/"):
            raise InvalidSpec(f"the destination {paths[-1]!r} of several sources must end with /")
        owner = expansion.word(item.flag("chown"), values, self._escape)
        prefix = " ".join([*imageconfig.shell(self._config), f"#(nop) {item.name}"])
        return CopyStep(
            item.where,
            item.text,
            f"{prefix} --chown={owner}" if owner else f"{prefix} ",
            self._config,
            self._author,
            tuple(sources),
            heredocs,
            self._destination(paths[-1]),
            paths[-1],
            item.flag("from"),
            owner,
            _mode(expansion.word(item.flag("chmod"), values, self._escape)),
            item.name == "ADD",
        )

    @staticmethod
    def _check_sources(item: Instruction, sources: Sequence[str]) -> None:
        for source in sources:
            if item.name == "ADD" and source.lower().startswith(_REMOTE):
                raise InvalidSpec(
                    f"ADD of an address ({source[:60]}) is not supported yet; download it before the build "
                    "(ansible.builtin.get_url) and ADD the file"
                )
            if ".." in posixpath.normpath(source.lstrip("/")).split("/"):
                raise InvalidSpec(f"{item.name} {source[:60]!r} leads out of the build context; move the file into it")

    def _destination(self, path: str) -> str:
        folder = path.endswith("/") or posixpath.basename(path) in (".", "")
        absolute = imageconfig.working_dir(self._config, path)
        return absolute if not folder or absolute.endswith("/") else f"{absolute}/"

    def _workdir(self, item: Instruction) -> Step:
        path = imageconfig.working_dir(self._config, self._expand(item.arguments[0]))
        self._config = {**self._config, "WorkingDir": path}
        made = self._recorded(item, f"WORKDIR {path}")
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


def argument(item: Instruction, text: str, values: Mapping[str, str], escape: str) -> tuple[str, str | None]:
    """Return (name, default) of one word of an ARG."""
    name, separator, default = text.partition("=")
    try:
        name = expansion.word(name, values, escape)
        if not name:
            raise InvalidSpec("ARG needs a name before =")
        return name, expansion.word(default, values, escape) if separator else None
    except InvalidSpec as error:
        raise InvalidSpec(f"{item.where}: {error}") from error
