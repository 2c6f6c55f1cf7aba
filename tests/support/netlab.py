"""A host of its own for each network test: a network namespace with two neighbours on a wire."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from runtime_lib.linux import netns
from runtime_lib.linux.netlink.link import Rtnetlink
from runtime_lib.networks import attach, names, ports, swept
from runtime_lib.networks.model import Endpoint
from runtime_lib.networks.namespace import enable_ipv6, new_namespace
from runtime_lib.networks.wish import Attachment
from runtime_lib.paths import Layout
from runtime_lib.store import Store
from tests.support.waiting import until

HOST, OUTSIDE = "192.0.2.1", "192.0.2.2"
HOST6, OUTSIDE6 = "2001:db8::1", "2001:db8::2"
PATIENCE = 30.0  # seconds for an answer: ARP and TCP ask again after one, and a first handshake takes its time in a VM
SOON = 1.5  # seconds in which nothing may come, or after which one asks anew; TCP asks a second time after one
UNREACHABLE = ("silence", "errno 113")  # EHOSTUNREACH


class Member:
    """A container as far as networks know: a row, a folder with its hosts file and a namespace."""

    def __init__(self, lab: Lab, name: str, namespace: int, endpoints: list[Endpoint]) -> None:
        self.lab, self.name, self.namespace, self.endpoints = lab, name, namespace, endpoints
        self.id = lab.ids[name]

    @property
    def ip(self) -> str:
        return str(self.endpoints[0].address)

    def publish(self, *texts: str) -> tuple[ports.PortMapping, ...]:
        return ports.publish(self.lab.store, self.id, ports.parse(texts), self.endpoints)

    def run(self, *command: str) -> str:
        return run(*command, namespace=self.namespace)

    def serve(self, port: int, protocol: str = "tcp", ip: str = "0.0.0.0") -> None:
        """Answer every connection or packet with the client's address and the member's name."""
        with netns.entered(self.namespace):
            self.lab.serve(self.name, port, protocol, ip)

    def ask(self, ip: str, port: int, protocol: str = "tcp", patience: float = PATIENCE) -> str:
        with netns.entered(self.namespace):
            return ask(ip, port, protocol, patience)

    def end(self) -> None:
        """End as a container does: its namespace goes, and somebody notes it."""
        self.vanish()
        attach.detach(self.lab.store, self.id)

    def vanish(self) -> None:
        """End as after kill -9 of everything: nobody notes it."""
        os.close(self.namespace)

    def vanish_noticed(self) -> None:
        """The same, of one whose first network marks its namespace; return when the kernel knows that no more."""
        self.vanish()
        number = swept.namespace_id(self.endpoints[0].host_interface)
        assert number is not None
        with Rtnetlink() as netlink:
            until(lambda: not netlink.has_namespace(number), 60)


class Lab:
    """The host: the calling thread lives in its namespace for the time of the test."""

    def __init__(self, root: Path) -> None:
        self.store = Store(Layout(str(root / "root"), str(root / "run")))
        self.ids: dict[str, str] = {}
        self.sockets: list[socket.socket] = []
        with self.store.transaction() as db:
            db.execute("INSERT INTO images (id, config, size, created) VALUES ('i', '{}', 0, 0)")
        self.outside = new_namespace()
        run("ip", "link", "set", "lo", "up")
        pair = ("link", "add", "wire", "type", "veth", "peer", "name", "eth0")
        run("ip", *pair, "netns", f"/proc/self/fd/{self.outside}")
        enable_ipv6(self.outside, "eth0")
        # Without their own addresses of the link, which take a second to be sure of, they ask for no neighbour.
        run("sysctl", "-q", "-w", "net.ipv6.conf.wire.accept_dad=0")
        run("sysctl", "-q", "-w", "net.ipv6.conf.eth0.accept_dad=0", namespace=self.outside)
        for words in (f"addr add {HOST}/24 dev wire", f"addr add {HOST6}/64 dev wire nodad", "link set wire up"):
            run("ip", *words.split())
        for words in (
            f"addr add {OUTSIDE}/24 dev eth0",
            f"addr add {OUTSIDE6}/64 dev eth0 nodad",
            "link set eth0 up",
            f"route add default via {HOST}",
            f"route add default via {HOST6}",
        ):
            run("ip", *words.split(), namespace=self.outside)
        self._settle()

    def _settle(self) -> None:
        """Have both ends notice that the other one is up, without which they have no routes yet."""
        with netns.entered(self.outside):
            other = Rtnetlink()
        with other, Rtnetlink() as own:
            own.settle("wire")
            other.settle("eth0")

    def row(self, name: str) -> str:
        """Put a container into the store and return its id."""
        self.ids[name] = os.urandom(32).hex()
        with self.store.transaction() as db:
            db.execute(
                "INSERT INTO containers (id, name, image_id, spec, phase, created) VALUES (?, ?, 'i', '', 'ready', 0)",
                (self.ids[name], name),
            )
        folder = Path(self.store.layout.container(self.ids[name]))
        folder.mkdir()
        (folder / "hosts").write_text(names.hosts_text(name))
        return self.ids[name]

    def member(self, name: str, *wishes: Attachment | str) -> Member:
        """Start a container on networks."""
        container_id = self.ids.get(name) or self.row(name)
        namespace = new_namespace()
        attachments = [Attachment(wish) if isinstance(wish, str) else wish for wish in wishes]
        try:
            endpoints = attach.attach(self.store, container_id, name, namespace, attachments)
        except BaseException:
            os.close(namespace)
            raise
        for endpoint in endpoints:
            names.refresh(self.store, endpoint.network.id)
        return Member(self, name, namespace, endpoints)

    def hosts(self, name: str) -> str:
        return Path(self.store.layout.container(self.ids[name]), "hosts").read_text()

    def serve(self, name: str, port: int, protocol: str = "tcp", ip: str = "0.0.0.0") -> None:
        kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
        listener = socket.socket(_family(ip), kind)
        self.sockets.append(listener)
        listener.bind((ip, port))
        if protocol == "tcp":
            listener.listen()
        threading.Thread(target=_answer, args=(listener, name, protocol), daemon=True).start()

    def ask_from_outside(self, ip: str, port: int, protocol: str = "tcp", patience: float = PATIENCE) -> str:
        with netns.entered(self.outside):
            return ask(ip, port, protocol, patience)

    def close(self) -> None:
        for listener in self.sockets:
            # Wakes the thread that waits in accept(), which close() alone does not.
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        os.close(self.outside)
        self.store.close()


@contextmanager
def lab(root: Path) -> Iterator[Lab]:
    """Give a host of its own to the calling thread."""
    with netns.fresh() as descriptor:
        made = Lab(root)
        try:
            yield made
        finally:
            made.close()
    os.close(descriptor)  # after an error it is closed already


def run(*command: str, namespace: int | None = None) -> str:
    """Run a command of the test's own and return its output."""
    if namespace is not None:
        with netns.entered(namespace):
            return run(*command)
    descriptors = [int(word.rpartition("/")[2]) for word in command if word.startswith("/proc/self/fd/")]
    done = subprocess.run(command, capture_output=True, text=True, pass_fds=descriptors)
    if done.returncode:
        raise OSError(done.returncode, done.stderr, " ".join(command))
    return done.stdout


def ask(ip: str, port: int, protocol: str = "tcp", patience: float = PATIENCE) -> str:
    """Return what a server answers ("address of the client, name of the server"), or the errno's name or "silence"."""
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with socket.socket(_family(ip), kind) as client:
        client.settimeout(patience)
        try:
            client.connect((ip, port))
            client.send(b"?")
            return client.recv(100).decode()
        except TimeoutError:
            return "silence"
        except ConnectionRefusedError:
            return "refused"
        except OSError as error:
            return f"errno {error.errno}"


def _family(ip: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in ip else socket.AF_INET


def _answer(listener: socket.socket, name: str, protocol: str) -> None:
    while True:
        try:
            if protocol == "tcp":
                connection, peer = listener.accept()
                with connection:
                    connection.send(f"{peer[0]} {name}".encode())
                    connection.recv(10)
            else:
                data, peer = listener.recvfrom(100)
                if not data:
                    return
                listener.sendto(f"{peer[0]} {name}".encode(), peer)
        except OSError:
            return
