"""One instance from `create` to `destroy`, and what is in it; Ctrl-C; `reset`."""

from __future__ import annotations

import json

from tests.driver.machine import Machine

CONFIGURATION = """\
prerun: false
driver:
  name: molecule-skiff
platforms:
  - name: instance
    image: molecule-base
    groups: [all_of_them]
    hostname: host.example.com
    command: sh -c 'trap exit TERM; while :; do sleep 0.1; done'
    privileged: false
    capabilities: [NET_ADMIN]
    security_opts: [no-new-privileges]
    cgroupns_mode: private
    env: {SHAPE: round}
    tmpfs: [/scratch]
    volumes: [/kept, "/etc/hostname:/etc/host-of-host:ro"]
    published_ports: ["127.0.0.1:18000:8000"]
    ulimits: ["nofile:512:512"]
    memory: 128M
    sysctls: {net.ipv4.ip_unprivileged_port_start: 80}
    etc_hosts: {db.example.com: 10.9.8.7}
    docker_networks:
      - name: inner
        ipam_config:
          - subnet: 10.87.3.0/24
    networks:
      - name: inner
        ipv4_address: 10.87.3.9
    labels: {shape: round}
    pull: false
    pre_build_image: true
"""
CONVERGE = """\
- hosts: all_of_them
  gather_facts: false
  tasks:
    - name: Wait for ever
      ansible.builtin.command: sleep 10000
"""


def test_an_instance_is_what_its_platform_says(machine: Machine) -> None:
    project = machine.project("life", CONFIGURATION)
    machine.molecule(project, "create")
    (name,) = machine.skiff("ps", "--format", "{{.Names}}").split()
    assert name.startswith("instance-")
    (seen,) = json.loads(machine.skiff("inspect", name))
    assert seen["Config"]["Hostname"] == "host.example.com"
    assert "SHAPE=round" in seen["Config"]["Env"]
    assert seen["Config"]["Labels"]["owner"] == "molecule"
    assert seen["Config"]["Labels"]["shape"] == "round"
    host = seen["HostConfig"]
    assert host["CapAdd"] == ["NET_ADMIN"] or host["CapAdd"] == ["CAP_NET_ADMIN"]
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["CgroupnsMode"] == "private"
    assert host["Memory"] == 128 * 1024 * 1024
    assert "/scratch" in host["Tmpfs"]
    assert host["PortBindings"]["8000/tcp"][0]["HostPort"] == "18000"
    (joined,) = seen["NetworkSettings"]["Networks"].values()
    assert joined["IPAddress"] == "10.87.3.9"
    assert {mount["Destination"] for mount in seen["Mounts"]} >= {"/kept", "/etc/host-of-host"}

    listed = machine.molecule(project, "list", "--format", "plain").splitlines()
    assert ["instance", "molecule-skiff", "ansible", "default", "true", "false"] in [line.split() for line in listed]
    shown = machine.login(project, "hostname; printenv SHAPE; exit\n")
    assert "host.example.com" in shown
    assert "round" in shown

    machine.molecule(project, "destroy")
    assert machine.objects() == []


def test_two_roles_may_name_their_instances_alike_and_ctrl_c_leaves_what_destroy_removes(machine: Machine) -> None:
    plain = CONFIGURATION.partition("    hostname:")[0]
    first = machine.project("first", plain, converge=CONVERGE)
    second = machine.project("second", plain)
    machine.molecule(second, "create")
    with machine.start(first, "converge") as process:
        machine.interrupt(process, after="Wait for ever")
    assert process.returncode != 0
    assert len(machine.skiff("ps", "--filter", "label=owner=molecule", "-q").split()) == 2
    # Whatever Molecule remembers, and however molecule.yml calls them now: what is there is found.
    for state in (machine.folder / "home" / ".ansible" / "tmp").glob("molecule.*.default/state.yml"):
        state.unlink()
    file = first / "molecule" / "default" / "molecule.yml"
    file.write_text(file.read_text().replace("name: instance", "name: renamed"))
    assert "changed=1" in machine.molecule(first, "destroy")
    assert "changed=0" in machine.molecule(first, "destroy")
    assert len(machine.skiff("ps", "--filter", "label=owner=molecule", "-q").split()) == 1
    machine.molecule(second, "reset")
    assert machine.objects() == []
