"""What a container wants of one network. Pure."""

from __future__ import annotations

import ipaddress

from ..errors import InvalidSpec
from ..patterns import Pattern
from ..records import dataclass, field
from . import links, names, options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Driver options of Docker's for one endpoint that have an effect; others are kept and shown, as Docker does.
INTERFACE_NAME = "com.docker.network.endpoint.ifname"
SYSCTLS = "com.docker.network.endpoint.sysctls"

_MAC = Pattern(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}\Z")
# The kernel's settings of one interface; no dot but those between the words, so that none leads elsewhere.
_SYSCTL = Pattern(r"net\.(ipv4|ipv6|mpls)\.[a-z_]+\.IFNAME\.[A-Za-z0-9_]+=[^\s,]+\Z")
_LINK_LOCAL = (ipaddress.ip_network("169.254.0.0/16"), ipaddress.ip_network("fe80::/64"))


@dataclass(frozen=True)
class Attachment:
    """A wish: which network (a name or id), and optionally which addresses, hardware address and further names there.

    `address` is of IPv4, `address6` of IPv6. `links` are of the form CONTAINER[:NAME], see `networks.links`.
    `link_local` are further addresses of its interface. The default route goes by the network with the highest
    `priority`.
    """

    network: str
    address: str = ""
    mac: str = ""
    aliases: tuple[str, ...] = ()
    address6: str = ""
    links: tuple[str, ...] = ()
    link_local: tuple[str, ...] = ()
    driver_options: dict[str, str] = field(default_factory=dict)
    priority: int = 0

    def check(self) -> None:
        """Raise InvalidSpec for what no network has: an alias that is no host name, a wrong MAC address, ..."""
        for alias in self.aliases:
            names.check_name(alias, "alias")
        for link in self.links:
            links.parse(link)
        if self.mac and (not _MAC.match(self.mac) or int(self.mac[:2], 16) & 1):
            raise InvalidSpec(f"network {self.network}: {self.mac!r} is not a MAC address such as 02:42:ac:11:00:02")
        self.places()
        self.sysctls()
        if self.interface:
            options.interface(INTERFACE_NAME, self.interface)

    @property
    def interface(self) -> str:
        """The name that its interface is to have, "" for the next one of eth0, eth1, ..."""
        return self.driver_options.get(INTERFACE_NAME, "")

    def places(self) -> list[str]:
        """Return the link-local addresses with the length of their prefix. Raises InvalidSpec."""
        found = []
        for text in self.link_local:
            address = options.address(f"network {self.network}: link-local address", text)
            subnet = next((one for one in _LINK_LOCAL if address.version == one.version and address in one), None)
            if subnet is None:
                raise InvalidSpec(f"network {self.network}: {text} is not inside {_LINK_LOCAL[0]} or {_LINK_LOCAL[1]}")
            found.append(f"{address}/{subnet.prefixlen}")
        return found

    def sysctls(self) -> list[str]:
        """Return the settings for its interface, as `net.ipv4.conf.IFNAME.log_martians=1`. Raises InvalidSpec."""
        found = [text for text in self.driver_options.get(SYSCTLS, "").split(",") if text]
        for text in found:
            if not _SYSCTL.match(text):
                raise InvalidSpec(f"{SYSCTLS}: {text!r} is not of the form net.ipv4.conf.IFNAME.log_martians=1")
        return found

    def settings(self) -> dict[str, Any]:
        """Return what an endpoint keeps of it beside its addresses and names."""
        values = {"link_local": self.places(), "sysctls": self.sysctls(), "priority": self.priority}
        return {key: value for key, value in values.items() if value}
