"""`--squash` on the real kernel: one layer, the same files, and the same image again without a build."""

from __future__ import annotations

import os

import pytest

from runtime_lib.build.build import fingerprint
from runtime_lib.images import catalog
from tests.support.builder import Builder

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
TEXT = """FROM base AS one
RUN mkdir -p /d/e; echo one > /d/e/f; ln /d/e/f /d/link
RUN rm -r /d/e; mkdir /d/e; echo two > /d/e/g; rm /etc/passwd
FROM one
RUN echo three > /d/e/h; rm /d/link; rm -r /usr; mkdir /usr
RUN echo four > /four; chown 5:6 /four
"""


def test_one_layer_on_top_of_the_base(builder: Builder) -> None:
    base = catalog.find(builder.store, "base")
    plain = builder.build(TEXT, names=("plain",))
    squashed = builder.build(TEXT, names=("squashed",), squash=True)
    assert builder.build("FROM base\nLABEL a=b\n", squash=True).image.layers == base.layers  # Docker fails here
    one = builder.build(TEXT, names=("one",), target="one", squash=True)
    assert len(one.image.layers) == len(base.layers) + 1
    assert len(plain.image.layers) == len(base.layers) + 4
    assert len(squashed.image.layers) == len(base.layers) + 3  # the stage before is its base
    assert [builder.read(squashed, path) for path in ("/d/e/g", "/d/e/h", "/four")] == ["two\n", "three\n", "four\n"]
    assert builder.status(squashed, "/four").st_uid == 5
    for path in ("/d/link", "/d/e/f", "/etc/passwd", "/usr/bin"):
        with pytest.raises(FileNotFoundError):
            builder.status(squashed, path)
    assert builder.status(one, "/d/link").st_nlink == 1
    last = squashed.image.config["history"][-1]
    assert last["comment"].startswith(f"merge {plain.image.id} to sha256:")


def test_the_same_image_again(builder: Builder) -> None:
    spec = builder.spec(TEXT, squash=True)
    assert fingerprint(builder.store, spec).changed
    first = builder.build(TEXT, squash=True)
    outlook = fingerprint(builder.store, spec)
    assert (outlook.image_id, outlook.changed, outlook.missing) == (first.image.id, False, "")
    again = builder.build(TEXT, squash=True)
    assert (again.image.id, again.changed, [step.text for step in again.steps if not step.cached]) == (
        first.image.id,
        False,
        [],
    )
