"""The sample role, through all of `molecule test`: two scenarios of it, and both verifiers, at the same time."""

from __future__ import annotations

from tests.driver.machine import PATIENCE, Machine


def test_both_scenarios_side_by_side(machine: Machine) -> None:
    project = machine.copy_of_the_role("both")
    with machine.start(project, "test") as first, machine.start(project, "test", "-s", "systemd") as second:
        shared, _ = first.communicate(timeout=3 * PATIENCE)
        systemd, _ = second.communicate(timeout=3 * PATIENCE)
    assert first.returncode == 0, shared
    assert "10 passed" in shared  # five tests, each on two instances
    assert second.returncode == 0, systemd
    assert "All assertions passed" in systemd
    for printed in (shared, systemd):
        assert "Idempotence completed successfully" in printed or "idempotence: Executed: Successful" in printed
        assert "[WARNING]" not in printed
    assert machine.objects() == []
