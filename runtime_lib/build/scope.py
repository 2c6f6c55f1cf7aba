"""The state of a stage between two instructions: its configuration so far and the arguments that are in scope."""

from __future__ import annotations

from . import expansion, imageconfig
from .steps import Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .arguments import Arguments
    from .instructions import Instruction


class Scope:
    """One stage while its instructions are read in order; `config` is that of the image after the last one."""

    def __init__(self, config: dict[str, Any], arguments: Arguments, escape: str) -> None:
        """Begin with the configuration of the base image."""
        self.config = config
        self.arguments = arguments
        self.escape = escape
        self.author = ""
        self.command_is_ours = False
        self.missing: dict[str, None] = {}  # variables that were used and have no value

    def expand(self, text: str) -> str:
        """Return a word with its variables replaced. Raises InvalidSpec."""
        return expansion.word(text, self.values(), self.escape)

    def values(self) -> dict[str, str]:
        """Return what variables mean here: the environment, which hides arguments of the same name."""
        env = imageconfig.env_map(self.config)
        return expansion.Values({**self.arguments.visible(env), **env}, self.missing)

    def changed(self, item: Instruction, comment: str, **settings: Any) -> Step:
        """Change the configuration; the history's text has two blanks, as Docker's builder writes it."""
        self.config = {**self.config, **settings}
        return self.recorded(item, f" {item.name} {comment}")

    def recorded(self, item: Instruction, comment: str) -> Step:
        """Return the step of an instruction that has changed the configuration already."""
        created_by = " ".join([*imageconfig.shell(self.config), f"#(nop) {comment}"])
        return Step(item.where, item.text, created_by, self.config, self.author)

    def words(self, item: Instruction) -> list[str]:
        """Return the command of an instruction that has an exec form and a shell form."""
        if item.is_json or not item.arguments:
            return list(item.arguments)
        return [*imageconfig.shell(self.config), item.arguments[0]]
