from __future__ import annotations

import pytest

from runtime_lib.desired.library import Seen, Wish, plan
from runtime_lib.desired.purge import Object
from runtime_lib.errors import Conflict, InvalidSpec

LINK, TARGET = "/usr/local/bin/skiff", "/var/lib/skiff/bin/skiff"
NOTHING = Seen(False, "", (), False)
WHOLE = Seen(True, TARGET, (Object("container", "web"), Object("volume", "data")), True)


def wish(state: str, purge: bool = False) -> Wish:
    return Wish(LINK, state, purge)


@pytest.mark.parametrize(
    ("wanted", "seen", "steps"),
    [
        (wish("present"), NOTHING, ["install the library", f"link {LINK} to {TARGET}"]),
        (wish("present"), WHOLE, []),
        (wish("present"), WHOLE._replace(link=""), [f"link {LINK} to {TARGET}"]),
        (wish("present"), WHOLE._replace(installed=False), ["install the library"]),
        (wish("absent"), NOTHING, []),
        (wish("absent", purge=True), NOTHING, []),
        (wish("absent"), WHOLE, [f"remove {LINK}"]),
        (wish("absent"), WHOLE._replace(link=None), []),
        (
            wish("absent", purge=True),
            WHOLE,
            ["remove container web", "remove volume data", "remove all images and the library", f"remove {LINK}"],
        ),
    ],
)
def test_the_steps(wanted: Wish, seen: Seen, steps: list[str]) -> None:
    found = plan(wanted, seen, TARGET)
    assert [step.describe() for step in found.steps] == steps
    assert (found.before != found.after) == found.changed


def test_a_file_of_others_is_not_taken() -> None:
    for link in (None, "/opt/other/skiff"):
        with pytest.raises(Conflict, match="is not Skiff's"):
            plan(wish("present"), WHOLE._replace(link=link), TARGET)


def test_a_relative_path_is_a_mistake() -> None:
    with pytest.raises(InvalidSpec, match="absolute"):
        plan(Wish("skiff", "present", False), NOTHING, TARGET)
