# What a guest does once before it is frozen, so that no clone has to: drivers, byte code and the page cache.
modprobe -a overlay bridge veth vxlan br_netfilter nf_tables nft_masq nft_chain_nat nft_ct ip_tables iptable_nat macvlan ipvlan dummy tun
python3 -c 'import argparse, base64, grp, hashlib, json, logging, platform, pwd, runpy, selectors, shlex, shutil, socket, sqlite3, ssl, subprocess, tempfile, traceback, typing, zipfile, apt, ctypes, pyroute2'
ip -brief address
nft list ruleset
systemctl is-system-running
cat /usr/bin/busybox /usr/sbin/nft >/dev/null
sync
