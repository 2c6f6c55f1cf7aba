"""What ovs-vsctl says when it has done what it was told and the daemon has not."""

from __future__ import annotations

from runtime_lib.linux import openvswitch


def test_ports_that_could_not_be_made() -> None:
    said = (
        "ovs-vsctl: Error detected while setting up 't9': could not add network device t9 to ofproto (File exists)."
        "  See ovs-vswitchd log for details.\n"
        "ovs-vsctl: Error detected while setting up 'br0'.  See ovs-vswitchd log for details.\n"
        'ovs-vsctl: The default log directory is "/var/log/openvswitch".\n'
    )
    expected = {"t9": "could not add network device t9 to ofproto (File exists)", "br0": ""}
    assert openvswitch.failures(said) == expected
    assert openvswitch.failures("") == {}
