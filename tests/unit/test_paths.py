"""Two installations on one host do not meet."""

from __future__ import annotations

import pytest

from runtime_lib.paths import Layout


def test_the_default_installation_has_the_plain_label() -> None:
    assert Layout().label == "skiff"
    assert Layout().cgroup("abc") == "/skiff/abc"


def test_another_root_has_a_label_of_its_own() -> None:
    first, second = Layout("/srv/a", "/run/a"), Layout("/srv/b", "/run/b")
    assert first.label == Layout("/srv/a/", "/run/a").label
    assert len({first.label, second.label, "skiff"}) == 3


def test_settings_of_the_host_are_where_an_administrator_looks_and_apart_for_others() -> None:
    assert Layout().settings == "/etc/skiff/host.json"
    assert Layout("/srv/a", "/run/a").settings == "/srv/a/host.json"


def test_the_environment_names_an_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKIFF_ROOT", "/srv/a")
    assert Layout.from_environment().run == "/srv/a/run"
    monkeypatch.setenv("SKIFF_RUN", "/run/a")
    assert Layout.from_environment().run == "/run/a"
