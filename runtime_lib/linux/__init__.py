"""The kernel seat: system calls, cgroup files, netlink and nftables; no policy."""
