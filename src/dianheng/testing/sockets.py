"""In tests no program talks to another machine: only unix sockets and the loopback."""

import ipaddress
import socket
from typing import Any

_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex
_getaddrinfo = socket.getaddrinfo


class OutsideConnectionError(RuntimeError):
    """A test tried to reach another machine."""


def is_local(host: Any) -> bool:
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    text = host.decode() if isinstance(host, bytes) else str(host)
    try:
        address = ipaddress.ip_address(text.split("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def refuse_outside(family: int, address: Any) -> None:
    if family in (socket.AF_INET, socket.AF_INET6) and not is_local(address[0]):
        raise OutsideConnectionError(f"a test tried to connect to {address!r}")


def guarded_connect(self: socket.socket, address: Any) -> None:
    refuse_outside(self.family, address)
    return _connect(self, address)


def guarded_connect_ex(self: socket.socket, address: Any) -> int:
    refuse_outside(self.family, address)
    return _connect_ex(self, address)


def guarded_getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
    if not is_local(host) and host != socket.gethostname():
        raise OutsideConnectionError(f"a test tried to look up {host!r}")
    return _getaddrinfo(host, *arguments, **options)


def close_outside() -> None:
    socket.socket.connect = guarded_connect  # type: ignore[method-assign]
    socket.socket.connect_ex = guarded_connect_ex  # type: ignore[method-assign]
    socket.getaddrinfo = guarded_getaddrinfo  # type: ignore[assignment]
