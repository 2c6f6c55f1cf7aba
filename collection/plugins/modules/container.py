#!/usr/bin/python
# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: container
short_description: Manage containers on a host that has no container engine
version_added: 0.1.0
author: The Skiff developers (@skiff-containers)
description:
  - Creates, changes, starts, stops and removes containers. The module itself carries the runtime to the host.
  - Options, defaults, comparison rules and return values are those of P(community.docker.docker_container#module), so that
    a playbook moves by changing the collection's name.
  - A container is only compared in the options that a task sets. A difference in one of O(blkio_weight), O(cpu_period),
    O(cpu_quota), O(cpu_shares), O(cpus), O(cpuset_cpus), O(cpuset_mems), O(memory), O(memory_reservation), O(memory_swap),
    O(memory_swappiness), O(pids_limit), O(restart_policy), O(restart_retries), O(log_options) is changed while the container
    runs, one in O(networks) by connecting and disconnecting, and any other one by recreating the container.
  - When a container is recreated, the new one is made from the options of this task. The old one is only removed when the
    new one has been made and, where it shall run, has started; otherwise the old one stays (and runs) as it was.
extends_documentation_fragment:
  - skiff.containers.attributes
  - skiff.containers.attributes.action_groups
  - skiff.containers.connection
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
options:
  name:
    description:
      - The name of the container, or its id.
      - Exactly one of O(name) and O(containers) is needed.
    type: str
  containers:
    description:
      - Several containers, converged in one run of the module and in the order in which they need each other
        (O(network_mode=container:NAME), O(ipc_mode), O(pid_mode), O(volumes_from), O(links)); those with O(state=absent) first.
      - Each entry is a dictionary of this module's options. An option that stands beside O(containers) applies to every
        entry that does not set it.
      - All entries are checked before the first container is touched. The first failure ends the task.
    type: list
    elements: dict
  state:
    description:
      - V(absent) stops and removes the container.
      - V(present) makes sure that it exists and is as the options say; it is neither started nor stopped.
      - V(started) is V(present), and the container runs.
      - V(healthy) is V(started), and waits until the health check passes. A container without a health check is taken as healthy
        when it runs, with a warning.
      - V(stopped) is V(present), and the container does not run.
    type: str
    choices: [absent, present, healthy, stopped, started]
    default: started
  image:
    description:
      - The image to make the container from, by name or id. It must be on the host, see M(skiff.containers.image).
      - Needed when the container does not exist. Without it an existing container keeps its image.
    type: str
  image_comparison:
    description: The image whose own values (such as environment variables) stand in for what the task does not set.
    type: str
    choices: [desired-image, current-image]
    default: desired-image
  image_label_mismatch:
    description:
      - With V(fail) and strict comparison of O(labels), a label of the image that O(labels) does not have is an error.
      - With V(ignore), it is not.
    type: str
    choices: [ignore, fail]
    default: ignore
  image_name_mismatch:
    description: Whether to recreate a container whose image is the same but was named differently.
    type: str
    choices: [recreate, ignore]
    default: recreate
  pull:
    description:
      - When to pull O(image) from its registry.
      - V(missing) and V(false) pull it when it is not on the host, V(never) fails then.
      - V(always) and V(true) ask the registry each time. Another image than the container's makes a new container.
    type: raw
    choices: [never, missing, always, true, false]
    default: missing
  pull_check_mode_behavior:
    description:
      - What O(pull=always) does in check mode for an image that is on the host.
      - V(always) asks the registry whether another image would come.
      - V(image_not_present) does not ask.
    type: str
    choices: [image_not_present, always]
    default: image_not_present
  comparisons:
    description:
      - How to compare each option, as a dictionary from option (or V(*) for all of them) to V(strict), V(ignore) or
        V(allow_more_present).
      - Texts, numbers and lists are compared by V(strict) unless said otherwise; environment variables, labels, volumes, ports
        and other sets and dictionaries by V(allow_more_present), which is content when everything asked for is there.
      - O(stop_timeout) is not compared by default. C(networks=strict) also leaves networks that are not listed.
    type: dict
  recreate:
    description: Recreate the container even when nothing differs.
    type: bool
    default: false
  run_again:
    description:
      - Whether O(state=started) runs a container again that has run to its end by itself, such as a job.
      - With V(always), it is started again by every task, as P(community.docker.docker_container#module) does it, so every
        task reports a change.
      - With V(on-failure), only when its exit code was not zero; with V(never), not at all. Then the task reports no change,
        and with O(detach=false) it returns the output and the exit code of that run.
      - A container that a user has stopped is started in any case, and one that differs from the task is made anew and runs.
    type: str
    choices: [always, on-failure, never]
    default: always
  restart:
    description: Restart a container that was running already and was not recreated.
    type: bool
    default: false
  force_kill:
    description: Kill instead of stop, whenever the container has to be stopped.
    type: bool
    default: false
    aliases: [forcekill]
  kill_signal:
    description: The signal of O(force_kill). The default is V(KILL).
    type: str
  stop_signal:
    description: The signal that asks the container to stop, by name or number.
    type: str
  stop_timeout:
    description: Seconds between O(stop_signal) and V(KILL). The default is 10.
    type: int
  keep_volumes:
    description: Keep the anonymous volumes of a container that is removed.
    type: bool
    default: true
  paused:
    description: Whether the processes of the container shall be frozen. Without it, they are left as they are.
    type: bool
  auto_remove:
    description: Remove the container when it ends.
    type: bool
  cleanup:
    description: With O(detach=false), remove the container when it has ended.
    type: bool
    default: false
  detach:
    description:
      - With V(false), wait for the end of the container, and return its output and its exit code. An exit code other than
        zero is a failure.
    type: bool
  output_logs:
    description: With O(detach=false), also write the output to the system log of the host.
    type: bool
    default: false
  healthy_wait_timeout:
    description: How many seconds O(state=healthy) waits. V(0) and below wait for ever.
    type: float
    default: 300
  removal_wait_timeout:
    description: Accepted for tasks written for community.docker. A removal is complete when it returns.
    type: float
  container_default_behavior:
    description:
      - With V(compatibility), options such as O(init) and O(tty) default to V(false), as in community.docker 2.
      - With V(no_defaults), options that are not set are not compared.
    type: str
    choices: [compatibility, no_defaults]
    default: no_defaults
  command:
    description:
      - The command to run, as a list, or as a text that is split like a shell does.
      - An empty value means the command of the image.
    type: raw
  command_handling:
    description: With V(compatibility), a list is joined and split again, as in community.docker 2.
    type: str
    choices: [compatibility, correct]
    default: correct
  entrypoint:
    description: The command in front of O(command), which replaces the image's and drops the image's command.
    type: list
    elements: str
  env:
    description: Environment variables. Values must be texts, so put numbers and words such as V("yes") into quotes.
    type: dict
  env_file:
    description: A file on the host with lines of C(NAME=VALUE). O(env) wins over it.
    type: path
  user:
    description: The user (and group) to run as, by name or number, such as V(www-data) or V(1000:1000).
    type: str
  groups:
    description: More groups of the process, by name or number.
    type: list
    elements: str
  working_dir:
    description: The folder in which the command starts.
    type: str
  tty:
    description: Give the container a terminal.
    type: bool
  interactive:
    description: Keep standard input open.
    type: bool
  init:
    description: Run a small init process as number 1, which passes signals on and reaps processes.
    type: bool
  labels:
    description: Labels of the container.
    type: dict
  hostname:
    description: The host name of the container.
    type: str
  domainname:
    description: The domain name of the container.
    type: str
  network_mode:
    description:
      - V(bridge) (or V(default)), V(host), V(none), C(container:NAME), or the name of a network.
      - Defaults to the first one of O(networks) when that is set and O(networks_cli_compatible=true).
    type: str
  networks:
    description: The networks to join.
    type: list
    elements: dict
    suboptions:
      name:
        description: The name of the network, see M(skiff.containers.network).
        type: str
        required: true
      ipv4_address:
        description: The address of the container in this network.
        type: str
      ipv6_address:
        description: The IPv6 address in this network, which must have IPv6.
        type: str
      links:
        description: Other containers that get an alias for this one, as V(NAME:ALIAS).
        type: list
        elements: str
      aliases:
        description: More names under which the container is known in this network.
        type: list
        elements: str
      mac_address:
        description: The hardware address in this network.
        type: str
      driver_opts:
        description:
          - Options for the interface in this network. V(com.docker.network.endpoint.sysctls) sets the kernel's settings of
            it, separated by commas, as V(net.ipv4.conf.IFNAME.log_martians=1); V(com.docker.network.endpoint.ifname) names
            it. Others are kept and shown, as with Docker.
        type: dict
      gw_priority:
        description:
          - The default route goes by the network with the highest one. Among equal ones by the first that has one,
            O(network_mode) before O(networks).
        type: int
      link_local_ips:
        description: Further addresses of the interface, of V(169.254.0.0/16) or V(fe80::/64).
        type: list
        elements: str
  networks_cli_compatible:
    description: Whether O(networks) replaces the default bridge, as C(docker run --network) does.
    type: bool
    default: true
  published_ports:
    description:
      - Ports to publish on the host, such as V(80), V(8080:80), V(127.0.0.1:8080:80/tcp) or V(8000-8010:80-90).
    type: list
    elements: str
    aliases: [ports]
  publish_all_ports:
    description: Publish every exposed port on a free port of the host.
    type: bool
  exposed_ports:
    description: Ports that the container listens on.
    type: list
    elements: str
    aliases: [exposed, expose]
  default_host_ip:
    description: The address of the host for O(published_ports) that name none.
    type: str
  links:
    description:
      - Other containers whose names are known in this one, as V(NAME:ALIAS), on its first network.
      - On a network of one's own, the other container may come later; on the predefined V(bridge) it has to run.
    type: list
    elements: str
  mac_address:
    description: The hardware address of the container.
    type: str
  dns_servers:
    description: Addresses of name servers.
    type: list
    elements: str
  dns_opts:
    description: Options of the resolver.
    type: list
    elements: str
  dns_search_domains:
    description: Domains in which to look for short names.
    type: list
    elements: str
  etc_hosts:
    description: More lines of C(/etc/hosts), from host name to address.
    type: dict
  volumes:
    description:
      - Volumes and folders of the host, such as V(data:/var/lib/data), V(/srv/www:/www:ro) or V(/cache).
    type: list
    elements: str
  mounts:
    description: Mounts, in the long form.
    type: list
    elements: dict
    suboptions:
      target:
        description: The path in the container.
        type: str
        required: true
      source:
        description: A path on the host for V(bind), the name of a volume for V(volume), of an image for V(image).
        type: str
      type:
        description:
          - The kind of mount. V(image) is the tree of an image, read-only. V(npipe) and V(cluster) are refused.
        type: str
        choices: [bind, npipe, tmpfs, volume, cluster, image]
        default: volume
      read_only:
        description: Whether nothing can be written.
        type: bool
      consistency:
        description: Accepted, and ignored, as by Docker on Linux.
        type: str
        choices: [cached, consistent, default, delegated]
      create_mountpoint:
        description: Make the folder of a bind on the host when it is missing.
        type: bool
      propagation:
        description: How mounts made later spread.
        type: str
        choices: [private, rprivate, shared, rshared, slave, rslave]
      no_copy:
        description: Do not fill a new volume with what the image has there.
        type: bool
      non_recursive:
        description: Bind without the mounts below the source.
        type: bool
      read_only_non_recursive:
        description: Whether the mounts below a bind that is O(mounts[].read_only=true) may be written, which is the default here.
        type: bool
      read_only_force_recursive:
        description: Make the mounts below a bind read-only, too. Needs O(mounts[].read_only=true), and Linux 5.12 or newer.
        type: bool
      idmap:
        description:
          - Shows the files of a bind or a volume with other owners, while nothing changes on disk. V(true) makes a bind's
            belong to the users of a container with O(userns_mode=auto).
          - C(uids=1000-0-1;gids=1000-0-1) shows those of user and group 1000 as root's, in any container. The numbers are an
            id on disk, one of the host, and how many; C(#) stands between several, and C(@) before those whose second number
            is one of the container. The option C(idmap) of O(volumes) takes the same.
          - It needs Linux 5.12 and a file system that can, such as ext4, XFS or Btrfs.
        type: str
      labels:
        description: Labels of a volume that is made.
        type: dict
      volume_driver:
        description: Only V(local) exists.
        type: str
      volume_options:
        description: Driver options of a volume that is made.
        type: dict
      subpath:
        description:
          - A path inside the volume or the image, relative to its top, of which only what is there is mounted. It must exist
            when the container starts; links on the way never lead outside.
        type: str
      tmpfs_size:
        description: The size of a tmpfs, such as V(64M).
        type: str
      tmpfs_mode:
        description: The mode of a tmpfs, as an octal text.
        type: str
      tmpfs_options:
        description: Mount options of a tmpfs; each entry is a dictionary of one key.
        type: list
        elements: dict
  volumes_from:
    description: Containers whose volumes are mounted too, as V(NAME) or V(NAME:ro).
    type: list
    elements: str
  volume_driver:
    description: V(local), which is what every volume is; other drivers are refused.
    type: str
  tmpfs:
    description: Paths to mount a tmpfs on, as V(PATH) or V(PATH:OPTIONS).
    type: list
    elements: str
  read_only:
    description: Mount the root file system read-only.
    type: bool
  shm_size:
    description: The size of C(/dev/shm), such as V(64M).
    type: str
  storage_opts:
    description: Refused. There is no limit of space for one container, as with Docker where its storage is not XFS with quotas.
    type: dict
  memory:
    description: The limit of memory, such as V(512M). It can be changed alone, without O(memory_swap).
    type: str
  memory_reservation:
    description: The soft limit of memory.
    type: str
  memory_swap:
    description: The limit of memory and swap together; V(-1) is none.
    type: str
  memory_swappiness:
    description: How gladly the kernel swaps, from 0 to 100. Only on hosts with cgroups version 1.
    type: int
  kernel_memory:
    description: Accepted with a warning. The kernel has no such limit any more.
    type: str
  oom_killer:
    description: Whether to disable the out-of-memory killer for the container.
    type: bool
  oom_score_adj:
    description: How gladly the kernel kills the container when memory is short, from -1000 to 1000.
    type: int
  cpus:
    description: How many processors the container may use, such as V(1.5).
    type: float
  cpu_period:
    description: The period of the processor quota, in microseconds.
    type: int
  cpu_quota:
    description: The processor quota in each period, in microseconds.
    type: int
  cpu_shares:
    description: The weight among containers that compete for processors.
    type: int
  cpuset_cpus:
    description: The processors to run on, such as V(0-2) or V(0,1).
    type: str
  cpuset_mems:
    description: The memory nodes to use.
    type: str
  pids_limit:
    description: How many processes there may be; V(-1) is no limit.
    type: int
  blkio_weight:
    description: The weight of block input and output, from 10 to 1000.
    type: int
  device_read_bps:
    description: Limits of bytes read in a second.
    type: list
    elements: dict
    suboptions:
      path:
        description: The device.
        type: str
        required: true
      rate:
        description: The limit, such as V(1M).
        type: str
        required: true
  device_write_bps:
    description: Limits of bytes written in a second.
    type: list
    elements: dict
    suboptions:
      path:
        description: The device.
        type: str
        required: true
      rate:
        description: The limit, such as V(1M).
        type: str
        required: true
  device_read_iops:
    description: Limits of reads in a second.
    type: list
    elements: dict
    suboptions:
      path:
        description: The device.
        type: str
        required: true
      rate:
        description: The limit.
        type: int
        required: true
  device_write_iops:
    description: Limits of writes in a second.
    type: list
    elements: dict
    suboptions:
      path:
        description: The device.
        type: str
        required: true
      rate:
        description: The limit.
        type: int
        required: true
  ulimits:
    description: Limits of the processes, such as V(nofile:1024:2048).
    type: list
    elements: str
  sysctls:
    description: Kernel settings of the container's own namespaces.
    type: dict
  devices:
    description: Devices of the host, as V(/dev/fuse) or V(/dev/a:/dev/b:rwm).
    type: list
    elements: str
  device_cgroup_rules:
    description: More devices that may be used, such as V(c 10:229 rwm).
    type: list
    elements: str
  device_requests:
    description: Refused. There are no device drivers; give the nodes of a device by O(devices).
    type: list
    elements: dict
    suboptions:
      capabilities:
        description: See O(device_requests).
        type: list
        elements: list
      count:
        description: See O(device_requests).
        type: int
      device_ids:
        description: See O(device_requests).
        type: list
        elements: str
      driver:
        description: See O(device_requests).
        type: str
      options:
        description: See O(device_requests).
        type: dict
  capabilities:
    description: Capabilities to add, such as V(NET_ADMIN) or V(ALL).
    type: list
    elements: str
  cap_drop:
    description: Capabilities to drop.
    type: list
    elements: str
  privileged:
    description: Give the container every right of the host.
    type: bool
  security_opts:
    description:
      - Security options, such as V(no-new-privileges) or V(seccomp=unconfined).
      - The value of C(seccomp) is a profile as JSON, or the path of one on the host.
      - V(systempaths=unconfined) shows everything of C(/proc) and C(/sys). V(unmask=/proc/acpi:/proc/sys) does so for single
        paths, V(mask=/proc/version) hides more of them.
      - V(apparmor=PROFILE) names a profile of AppArmor that the kernel holds already, or is V(apparmor=unconfined). Without it
        the profile is C(skiff-default), as described in docs/security.md. On a kernel without AppArmor a named profile has no
        effect, with a warning; so have labels of SELinux.
    type: list
    elements: str
  ipc_mode:
    description: V(private), V(shareable), V(host), V(none) or C(container:NAME).
    type: str
  pid_mode:
    description: V(host) or C(container:NAME).
    type: str
  uts:
    description: V(host) shares the host name, C(container:NAME) that of another container.
    type: str
  userns_mode:
    description:
      - V(host), the default, lets users in the container be those of the host. V(auto) gives the container 65536 ids of its
        own, C(auto:size=N) another number of them, so that its root has no rights outside.
      - C(auto:uidmapping=1000:1000:1,gidmapping=1000:1000:1) lets it have users and groups of the host as well, here user 1000
        as its own 1000. The numbers are an id in the container, one of the host, and how many.
      - The ids are those of the user C(skiff) or else C(containers) in C(/etc/subuid) and C(/etc/subgid), or without such
        an entry the ones from 1879048192 to 2147352575. A container keeps its range until it is removed.
      - Images are not copied for it, and volumes hold the ids that containers know. Both need Linux 5.19, volumes on tmpfs
        6.3. Binds keep the ids of the host, so that their files belong to nobody inside.
      - It cannot be combined with namespaces of the host or of another container.
    type: str
  cgroupns_mode:
    description: Whether the container sees its own cgroups only.
    type: str
    choices: [host, private]
  cgroup_parent:
    description:
      - The control group below which the one of the container is made, such as V(/web). It is made when it is missing, and
        never removed.
    type: str
  restart_policy:
    description: When to start the container again after its end.
    type: str
    choices: ['no', 'on-failure', always, unless-stopped]
  restart_retries:
    description: How often O(restart_policy=on-failure) tries.
    type: int
  healthcheck:
    description: How to ask the container whether it is well.
    type: dict
    suboptions:
      test:
        description: The command, as a text for a shell or as a list that starts with V(CMD), V(CMD-SHELL) or V(NONE).
        type: raw
      test_cli_compatible:
        description: With V(true), an empty test leaves the image's in place; with V(false), it switches it off.
        type: bool
        default: false
      interval:
        description: The time between two checks, such as V(1m30s).
        type: str
      timeout:
        description: The time that a check may take.
        type: str
      retries:
        description: How many failures in a row make the container unhealthy.
        type: int
      start_period:
        description: The time after the start in which failures do not count.
        type: str
      start_interval:
        description: The time between two checks in the start period.
        type: str
  log_driver:
    description:
      - V(json-file), V(local), V(journald), V(syslog) or V(none).
      - Of what V(journald) and V(syslog) send away, a copy for C(skiff logs) is kept, unless O(log_options) has C(cache-disabled).
    type: str
  log_options:
    description:
      - Options of the log as Docker has them, such as C(max-size), C(max-file), C(compress), C(labels), C(labels-regex), C(env),
        C(env-regex), C(tag), C(mode), C(syslog-address), C(syslog-facility), C(syslog-format), C(cache-disabled).
      - The log of a container is at most 3 files of 10 MiB unless C(max-size) and C(max-file) say otherwise.
    type: dict
    aliases: [log_opt]
  platform:
    description: The platform that the image must be for, such as V(linux/amd64); another one is an error.
    type: str
  runtime:
    description:
      - Another OCI runtime for this container, such as V(runc) or V(crun), by the name or path of its program. Skiff
        starts the container with it in place of its own low-level runtime; everything else stays as it is.
      - For runtimes that use namespaces and cgroups. O(init), mounts of type V(image) and parts of volumes need the own one.
      - The default is Skiff's own, which V(skiff) names as well.
    type: str
    aliases: [oci_runtime]
seealso:
  - module: skiff.containers.image
  - module: skiff.containers.network
  - module: skiff.containers.volume
  - module: skiff.containers.container_exec
  - module: skiff.containers.container_info
"""

EXAMPLES = r"""
- name: Run a web server
  skiff.containers.container:
    name: web
    image: nginx
    published_ports:
      - 8080:80
    volumes:
      - page:/usr/share/nginx/html:ro
    memory: 128M
    restart_policy: unless-stopped

- name: Give it more memory, while it runs
  skiff.containers.container:
    name: web
    memory: 256M

- name: Run a job and read its output
  skiff.containers.container:
    name: migrate
    image: shop
    command: [shop, migrate]
    detach: false
    cleanup: true
  register: job

- name: Run a job once, and again only while it fails
  skiff.containers.container:
    name: first-setup
    image: shop
    command: [shop, setup]
    detach: false
    run_again: on-failure

- name: Several containers in one task
  skiff.containers.container:
    image: shop
    networks:
      - name: shop
    containers:
      - name: shop-web
        published_ports: ['80:8000']
      - name: shop-worker
        command: shop worker

- name: Remove a container
  skiff.containers.container:
    name: web
    state: absent
"""

RETURN = r"""
container:
  description:
    - What C(docker inspect) says of the container. In check mode, that is the container before the change.
    - Not returned when there is no container, or with O(containers).
  returned: when the container exists
  type: dict
  sample: {"Id": "1f2e...", "Name": "/web", "State": {"Status": "running"}}
containers:
  description: One entry for each of O(containers), in their order.
  returned: with O(containers)
  type: list
  elements: dict
  contains:
    name:
      description: The name of the container.
      returned: always
      type: str
    changed:
      description: Whether this container was changed.
      returned: always
      type: bool
    container:
      description: What C(docker inspect) says of the container.
      returned: when the container exists
      type: dict
    status:
      description: The exit code.
      returned: with O(detach=false)
      type: int
status:
  description: The exit code of the container.
  returned: with O(detach=false)
  type: int
  sample: 0
actions:
  description: What was done, or would be done.
  returned: in check mode, or with O(debug=true)
  type: list
  elements: dict
"""

from ..module_utils.runner import run

OPTIONS = {
    "auto_remove": {"type": "bool"},
    "blkio_weight": {"type": "int"},
    "cap_drop": {"type": "list", "elements": "str"},
    "capabilities": {"type": "list", "elements": "str"},
    "cgroup_parent": {"type": "str"},
    "cgroupns_mode": {"type": "str", "choices": ["host", "private"]},
    "cleanup": {"type": "bool", "default": False},
    "command": {"type": "raw"},
    "command_handling": {"type": "str", "choices": ["compatibility", "correct"], "default": "correct"},
    "comparisons": {"type": "dict"},
    "container_default_behavior": {
        "type": "str",
        "choices": ["compatibility", "no_defaults"],
        "default": "no_defaults",
    },
    "containers": {"type": "list", "elements": "dict"},
    "cpu_period": {"type": "int"},
    "cpu_quota": {"type": "int"},
    "cpu_shares": {"type": "int"},
    "cpus": {"type": "float"},
    "cpuset_cpus": {"type": "str"},
    "cpuset_mems": {"type": "str"},
    "default_host_ip": {"type": "str"},
    "detach": {"type": "bool"},
    "device_cgroup_rules": {"type": "list", "elements": "str"},
    "device_read_bps": {
        "type": "list",
        "elements": "dict",
        "options": {"path": {"type": "str", "required": True}, "rate": {"type": "str", "required": True}},
    },
    "device_read_iops": {
        "type": "list",
        "elements": "dict",
        "options": {"path": {"type": "str", "required": True}, "rate": {"type": "int", "required": True}},
    },
    "device_requests": {
        "type": "list",
        "elements": "dict",
        "options": {
            "capabilities": {"type": "list", "elements": "list"},
            "count": {"type": "int"},
            "device_ids": {"type": "list", "elements": "str"},
            "driver": {"type": "str"},
            "options": {"type": "dict"},
        },
    },
    "device_write_bps": {
        "type": "list",
        "elements": "dict",
        "options": {"path": {"type": "str", "required": True}, "rate": {"type": "str", "required": True}},
    },
    "device_write_iops": {
        "type": "list",
        "elements": "dict",
        "options": {"path": {"type": "str", "required": True}, "rate": {"type": "int", "required": True}},
    },
    "devices": {"type": "list", "elements": "str"},
    "dns_opts": {"type": "list", "elements": "str"},
    "dns_search_domains": {"type": "list", "elements": "str"},
    "dns_servers": {"type": "list", "elements": "str"},
    "domainname": {"type": "str"},
    "entrypoint": {"type": "list", "elements": "str"},
    "env": {"type": "dict"},
    "env_file": {"type": "path"},
    "etc_hosts": {"type": "dict"},
    "exposed_ports": {"type": "list", "elements": "str", "aliases": ["exposed", "expose"]},
    "force_kill": {"type": "bool", "default": False, "aliases": ["forcekill"]},
    "groups": {"type": "list", "elements": "str"},
    "healthcheck": {
        "type": "dict",
        "options": {
            "interval": {"type": "str"},
            "retries": {"type": "int"},
            "start_interval": {"type": "str"},
            "start_period": {"type": "str"},
            "test": {"type": "raw"},
            "test_cli_compatible": {"type": "bool", "default": False},
            "timeout": {"type": "str"},
        },
    },
    "healthy_wait_timeout": {"type": "float", "default": 300},
    "hostname": {"type": "str"},
    "image": {"type": "str"},
    "image_comparison": {"type": "str", "choices": ["desired-image", "current-image"], "default": "desired-image"},
    "image_label_mismatch": {"type": "str", "choices": ["ignore", "fail"], "default": "ignore"},
    "image_name_mismatch": {"type": "str", "choices": ["recreate", "ignore"], "default": "recreate"},
    "init": {"type": "bool"},
    "interactive": {"type": "bool"},
    "ipc_mode": {"type": "str"},
    "keep_volumes": {"type": "bool", "default": True},
    "kernel_memory": {"type": "str"},
    "kill_signal": {"type": "str"},
    "labels": {"type": "dict"},
    "links": {"type": "list", "elements": "str"},
    "log_driver": {"type": "str"},
    "log_options": {"type": "dict", "aliases": ["log_opt"]},
    "mac_address": {"type": "str"},
    "memory": {"type": "str"},
    "memory_reservation": {"type": "str"},
    "memory_swap": {"type": "str"},
    "memory_swappiness": {"type": "int"},
    "mounts": {
        "type": "list",
        "elements": "dict",
        "options": {
            "consistency": {"type": "str", "choices": ["cached", "consistent", "default", "delegated"]},
            "create_mountpoint": {"type": "bool"},
            "idmap": {"type": "str"},
            "labels": {"type": "dict"},
            "no_copy": {"type": "bool"},
            "non_recursive": {"type": "bool"},
            "propagation": {
                "type": "str",
                "choices": ["private", "rprivate", "shared", "rshared", "slave", "rslave"],
            },
            "read_only": {"type": "bool"},
            "read_only_force_recursive": {"type": "bool"},
            "read_only_non_recursive": {"type": "bool"},
            "source": {"type": "str"},
            "subpath": {"type": "str"},
            "target": {"type": "str", "required": True},
            "tmpfs_mode": {"type": "str"},
            "tmpfs_options": {"type": "list", "elements": "dict"},
            "tmpfs_size": {"type": "str"},
            "type": {
                "type": "str",
                "choices": ["bind", "npipe", "tmpfs", "volume", "cluster", "image"],
                "default": "volume",
            },
            "volume_driver": {"type": "str"},
            "volume_options": {"type": "dict"},
        },
    },
    "name": {"type": "str"},
    "network_mode": {"type": "str"},
    "networks": {
        "type": "list",
        "elements": "dict",
        "options": {
            "aliases": {"type": "list", "elements": "str"},
            "driver_opts": {"type": "dict"},
            "gw_priority": {"type": "int"},
            "ipv4_address": {"type": "str"},
            "ipv6_address": {"type": "str"},
            "link_local_ips": {"type": "list", "elements": "str"},
            "links": {"type": "list", "elements": "str"},
            "mac_address": {"type": "str"},
            "name": {"type": "str", "required": True},
        },
    },
    "networks_cli_compatible": {"type": "bool", "default": True},
    "oom_killer": {"type": "bool"},
    "oom_score_adj": {"type": "int"},
    "output_logs": {"type": "bool", "default": False},
    "paused": {"type": "bool"},
    "pid_mode": {"type": "str"},
    "pids_limit": {"type": "int"},
    "platform": {"type": "str"},
    "privileged": {"type": "bool"},
    "publish_all_ports": {"type": "bool"},
    "published_ports": {"type": "list", "elements": "str", "aliases": ["ports"]},
    "pull": {"type": "raw", "choices": ["never", "missing", "always", True, False], "default": "missing"},
    "pull_check_mode_behavior": {
        "type": "str",
        "choices": ["image_not_present", "always"],
        "default": "image_not_present",
    },
    "read_only": {"type": "bool"},
    "recreate": {"type": "bool", "default": False},
    "removal_wait_timeout": {"type": "float"},
    "restart": {"type": "bool", "default": False},
    "restart_policy": {"type": "str", "choices": ["no", "on-failure", "always", "unless-stopped"]},
    "restart_retries": {"type": "int"},
    "run_again": {"type": "str", "choices": ["always", "on-failure", "never"], "default": "always"},
    "runtime": {"type": "str", "aliases": ["oci_runtime"]},
    "security_opts": {"type": "list", "elements": "str"},
    "shm_size": {"type": "str"},
    "state": {
        "type": "str",
        "choices": ["absent", "present", "healthy", "stopped", "started"],
        "default": "started",
    },
    "stop_signal": {"type": "str"},
    "stop_timeout": {"type": "int"},
    "storage_opts": {"type": "dict"},
    "sysctls": {"type": "dict"},
    "tmpfs": {"type": "list", "elements": "str"},
    "tty": {"type": "bool"},
    "ulimits": {"type": "list", "elements": "str"},
    "user": {"type": "str"},
    "userns_mode": {"type": "str"},
    "uts": {"type": "str"},
    "volume_driver": {"type": "str"},
    "volumes": {"type": "list", "elements": "str"},
    "volumes_from": {"type": "list", "elements": "str"},
    "working_dir": {"type": "str"},
}


def main() -> None:
    run(
        "container",
        OPTIONS,
        entries="containers",
        required_one_of=[["name", "containers"]],
        mutually_exclusive=[["name", "containers"]],
    )


if __name__ == "__main__":
    main()
