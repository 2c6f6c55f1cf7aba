"""What is wrong in molecule.yml or missing on the machine is told in a sentence."""

from __future__ import annotations

import pytest

from tests.driver.machine import Machine

HEAD = "prerun: false\ndriver:\n  name: molecule-skiff\nplatforms:\n  - name: instance\n"


@pytest.mark.parametrize(
    ("platform", "sentence"),
    [
        ("image: molecule-base\n    volume: [/data]", "'volume' was unexpected"),
        ("image: molecule-base\n    privileged: maybe", "privileged: 'maybe' is not of type 'boolean'"),
        ("hostname: one", "platform instance: say from which 'image' it is made, or from which 'dockerfile'"),
        ("image: nothing-such", "nothing-such"),
    ],
)
def test_a_platform(machine: Machine, request: pytest.FixtureRequest, platform: str, sentence: str) -> None:
    project = machine.project(f"wrong{request.node.callspec.indices['platform']}", f"{HEAD}    {platform}\n")
    with machine.start(project, "create") as process:
        printed, _ = process.communicate()
    assert process.returncode != 0
    assert sentence in " ".join(printed.split())
    assert machine.objects() == []


def test_the_collection_is_missing(machine: Machine) -> None:
    project = machine.project("missing", f"{HEAD}    image: molecule-base\n")
    printed = machine.molecule(project, "create", code=1, env={"ANSIBLE_COLLECTIONS_PATH": "/nowhere"})
    sentence = "the collection skiff.containers is not installed: run 'ansible-galaxy collection install"
    assert sentence in " ".join(printed.split())
