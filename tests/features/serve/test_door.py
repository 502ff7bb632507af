"""The listening socket: who is let in, who waits, who is let go of."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import pytest

from rattail.errors import InputRejected
from rattail.features.serve.door import open_door, shut_door, url_of, waiting_at
from tests.features.serve.serving import HOST, free_port


@pytest.fixture
def door() -> Iterator[socket.socket]:
    with open_door(HOST, free_port()) as opened:
        yield opened


def test_who_came_before_it_was_shut_is_let_in_and_nobody_after(door: socket.socket) -> None:
    with socket.create_connection(door.getsockname(), timeout=5) as early:
        early.sendall(b"hello")
        assert waiting_at(door) == 1

        shut_door(door)

        with pytest.raises(TimeoutError):
            socket.create_connection(door.getsockname(), timeout=0.2)
        accepted, _ = door.accept()
        with accepted:
            assert accepted.recv(10) == b"hello"
        assert waiting_at(door) == 0


def test_a_peer_that_falls_silent_is_let_go_of_after_a_while(door: socket.socket) -> None:
    with socket.create_connection(door.getsockname(), timeout=5):
        accepted, _ = door.accept()
        with accepted:
            limits = [
                accepted.getsockopt(socket.SOL_SOCKET, each, 16) for each in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO)
            ]

    assert [struct.unpack("ll", limit)[0] for limit in limits] == [30, 30]


@pytest.mark.parametrize(("address", "shown"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]"), ("0.0.0.0", "localhost")])
def test_its_address_is_one_that_a_browser_takes(address: str, shown: str) -> None:
    if ":" in address and not socket.has_dualstack_ipv6():
        pytest.skip("needs IPv6")
    port = free_port()
    with open_door(address, port) as opened:
        assert url_of(opened) == f"http://{shown}:{port}/"


def test_a_name_that_is_no_address_is_refused() -> None:
    with pytest.raises(InputRejected, match=r"web\.address: 'no such\.invalid' is no address of this machine"):
        open_door("no such.invalid", 8700)
