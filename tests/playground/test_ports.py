"""Ports stay the same from one start to the next, unless somebody else has taken them."""

from __future__ import annotations

import socket
from pathlib import Path

from playground.ports import FIRST, LAST, Ports


def test_a_port_stays_the_same(tmp_path: Path) -> None:
    first = Ports(tmp_path / "state" / "ports.json")["etcd"]
    assert FIRST <= first <= LAST
    assert Ports(tmp_path / "state" / "ports.json")["etcd"] == first


def test_two_names_never_share_a_port(tmp_path: Path) -> None:
    ports = Ports(tmp_path / "ports.json")
    assert len({ports[f"replica-{n}"] for n in range(20)}) == 20


def test_a_port_that_somebody_took_is_replaced(tmp_path: Path) -> None:
    ports = Ports(tmp_path / "ports.json")
    with socket.create_server(("127.0.0.1", ports["bot"])) as taken:
        assert ports["bot"] != taken.getsockname()[1]


def test_a_reserved_port_is_kept_while_it_is_in_use(tmp_path: Path) -> None:
    ports = Ports(tmp_path / "ports.json")
    with socket.create_server(("127.0.0.1", ports.reserved("webhook"))) as taken:
        assert ports.reserved("webhook") == taken.getsockname()[1]
