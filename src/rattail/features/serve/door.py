"""The socket on which the web server listens: opened once by the supervisor, inherited by every web process."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from contextlib import suppress

from rattail.errors import InputRejected, WouldOverwrite

_BACKLOG = 2048
_PATIENCE_S = 30  # how long a peer may be silent in the middle of a request, or leave an answer unread
_SO_ATTACH_FILTER = 26
_DROP = struct.pack("HBBI", 0x06, 0, 0, 0)  # one instruction of a packet filter: let nothing pass
_UNACKED_AT = 24  # in tcp_info; of a listening socket it is how many connections wait to be accepted
_LISTENS = "0A"


def open_door(address: str, port: int) -> socket.socket:
    """Listen on that address. A peer that says nothing for half a minute is let go of: accepted sockets inherit it.

    Raises:
        InputRejected: there is no such address on this machine, or the port is for root only.
        WouldOverwrite: somebody listens there already; the message says who, where that can be seen.
    """
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise InputRejected(
            f"web.address: {address!r} is no address of this machine: {error.strerror}.",
            hint="rattail set-option web.address 127.0.0.1",
        ) from None
    door = socket.socket(family, kind, protocol)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        patience = struct.pack("ll", _PATIENCE_S, 0)
        door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, patience)
        door.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, patience)
        door.bind(where)
        door.listen(_BACKLOG)
    except OSError as error:
        door.close()
        raise _refused(address, port, error) from error
    return door


def shut_door(door: socket.socket) -> bool:
    """Let nobody new in, while those who are let in already can still be answered.

    Closing the socket would cut off whoever waits to be accepted. So the kernel is told to drop every new handshake:
    a client that comes now tries again a second later, and finds the next server, or nobody. Where that is for root
    only, it is told to let one wait at most, and drops the handshakes of all others; returns false then.
    """
    filter_code = ctypes.create_string_buffer(_DROP, len(_DROP))
    program = struct.pack("HL", 1, ctypes.addressof(filter_code))
    try:
        door.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
    except OSError:
        door.listen(0)
        return False
    return True


def waiting_at(door: socket.socket) -> int:
    """How many connections wait to be accepted."""
    info = door.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    return int(struct.unpack_from("I", info, _UNACKED_AT)[0])


def url_of(door: socket.socket) -> str:
    """The address of the web application as a browser on this machine writes it."""
    host, port = door.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        host = "localhost"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def who_listens(port: int) -> str:
    """Which process listens on a port, as a phrase; empty where that cannot be seen (it is somebody else's)."""
    sockets = {f"socket:[{inode}]" for inode in _listening(port)}
    for pid in filter(str.isdigit, os.listdir("/proc")) if sockets else ():
        with suppress(OSError):
            for fd in os.listdir(f"/proc/{pid}/fd"):
                if os.readlink(f"/proc/{pid}/fd/{fd}") in sockets:
                    return process_shown(int(pid))
    return ""


def process_shown(pid: int) -> str:
    """A process for people: its number and its command line."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as stream:
            words = stream.read(300).rstrip(b"\0").replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        words = ""
    words = words if words.isprintable() else ascii(words)[1:-1]
    return f"process {pid} ({words})" if words else f"process {pid}"


def _listening(port: int) -> set[str]:
    """The inodes of all sockets that listen on a port."""
    inodes = set()
    for name in ("tcp", "tcp6"):
        with suppress(OSError), open(f"/proc/net/{name}", encoding="ascii") as stream:
            for fields in (line.split() for line in list(stream)[1:]):
                if fields[3] == _LISTENS and int(fields[1].rpartition(":")[2], 16) == port:
                    inodes.add(fields[9])
    return inodes


def _refused(address: str, port: int, error: OSError) -> InputRejected | WouldOverwrite:
    import errno

    if error.errno == errno.EADDRINUSE:
        who = who_listens(port)
        by = f"by {who}" if who else "by another process"
        return WouldOverwrite(
            f"port {port} of {address} is in use {by}.",
            hint="end that one, or choose another port: rattail set-option web.port 8701",
        )
    if error.errno == errno.EACCES:
        return InputRejected(
            f"web.port: only root may listen on port {port}; expected one from 1024 up, with a proxy before it.",
            hint="rattail set-option web.port 8700",
        )
    return InputRejected(
        f"web.address: cannot listen on {address!r}, port {port}: {error.strerror}.",
        hint="rattail set-option web.address 127.0.0.1",
    )
