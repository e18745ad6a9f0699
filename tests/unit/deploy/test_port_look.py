"""Whose a port is, on real sockets of loopback, and what is said of it."""

import os
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from restream_agent.config.load import load
from restream_agent.deploy import port_look
from restream_agent.deploy.findings import Finding, fault, ok
from restream_agent.deploy.port_findings import Port, PortOwner, PortState, judge_ports, ports

INGEST, AGENT = "restream-ingest.service", "restream-agent.socket"


def nobody() -> tuple[str, ...]:
    return ()


@pytest.fixture(params=["tcp", "udp"])
def taken(request: pytest.FixtureRequest) -> Iterator[Port]:
    """Hold a port of loopback, as another program."""
    is_udp = request.param == "udp"
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM if is_udp else socket.SOCK_STREAM)) as other:
        other.bind(("127.0.0.1", 0))
        if not is_udp:
            other.listen()
        yield Port(f"127.0.0.1:{other.getsockname()[1]}", INGEST, is_udp)


def free_port() -> Port:
    with closing(socket.socket()) as once:
        once.bind(("127.0.0.1", 0))
        return Port(f"127.0.0.1:{once.getsockname()[1]}", INGEST)


def test_a_port_that_another_program_has_is_told_with_the_program(taken: Port) -> None:
    """Which is this test."""
    owner = port_look._owner(taken, nobody)
    assert (owner.state, str(os.getpid()) in owner.process) == (PortState.TAKEN, True)


def test_a_free_port_is_free() -> None:
    """Nobody is asked who runs."""
    assert port_look._owner(free_port(), nobody) == PortOwner(PortState.FREE)


def test_an_address_of_another_machine_cannot_be_had() -> None:
    """192.0.2.0/24 is for documentation, RFC 5737."""
    assert port_look._owner(Port("192.0.2.1:1935", INGEST), nobody) == PortOwner(PortState.FOREIGN)


def test_where_no_process_is_seen_the_unit_that_runs_counts(
    taken: Port, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the sandbox of restream-apply, root sees no other user's sockets."""
    monkeypatch.setattr(port_look, "_holders", lambda _: iter(()))
    monkeypatch.setattr(port_look, "_is_served", lambda _: True)
    assert port_look._owner(taken, lambda: {INGEST: "active"}) == PortOwner(PortState.OURS)
    assert port_look._owner(taken, nobody) == PortOwner(PortState.TAKEN)


def test_a_process_in_the_cgroup_of_the_unit_is_ours(taken: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a socket unit also systemd, which holds the sockets."""
    monkeypatch.setattr(port_look, "_is_ours", lambda port, pid: (port, pid) == (taken, os.getpid()))
    assert port_look._owner(taken, nobody) == PortOwner(PortState.OURS)


def test_the_sockets_of_a_socket_unit_are_held_by_systemd() -> None:
    """Process 1, whatever its cgroup."""
    assert port_look._is_ours(Port("127.0.0.1:8085", AGENT), 1)
    assert not port_look._is_ours(Port("127.0.0.1:1985", INGEST), 1)
    assert not port_look._is_ours(Port("127.0.0.1:1985", INGEST), os.getpid())


def test_the_ports_are_those_that_units_listen_on() -> None:
    """Without the ingest server's own if the user runs it."""
    toml = 'version = 1\n[ingest]\nkey = "any"\nlisten = "127.0.0.1:1936"\n'
    titles = [port.title for port in ports(load(toml, source="x"))]
    assert titles == ["UDP 127.0.0.1:8086", "127.0.0.1:8085", "127.0.0.1:1936", "127.0.0.1:1985"]
    assert len(ports(load(toml + "manage = false\n", source="x"))) == 2


def judged(address: str, owner: PortOwner, *, is_udp: bool = False) -> list[Finding]:
    return list(judge_ports({Port(address, INGEST, is_udp): owner}))


def test_a_taken_port_is_a_fault() -> None:
    """With the program's name as far as it is printable."""
    words = "0.0.0.0:1935, which restream-ingest.service needs, is in use by another program"
    hint = "see which: ss -ltnp 'sport = :1935'"
    assert judged("0.0.0.0:1935", PortOwner(PortState.TAKEN)) == [fault("ports", words, hint)]
    named = judged("0.0.0.0:1935", PortOwner(PortState.TAKEN, "ngi\x1bnx, process 7"))
    assert named == [fault("ports", f"{words} (ngi nx, process 7)", hint)]
    (udp,) = judged("127.0.0.1:8086", PortOwner(PortState.TAKEN), is_udp=True)
    assert (udp.words.startswith("UDP 127.0.0.1:8086, "), udp.hint) == (
        True,
        "see which: ss -lunp 'sport = :8086'",
    )


def test_an_address_that_is_not_this_machine_s_is_a_fault() -> None:
    """The ingest server could not listen there."""
    assert judged("192.0.2.1:1935", PortOwner(PortState.FOREIGN)) == [
        fault(
            "ports",
            "192.0.2.1:1935, where restream-ingest.service is to listen, is no address of this machine",
            "see those that are: ip -brief address",
        )
    ]


def test_ports_in_order_have_a_line_for_each_state() -> None:
    """Used, then free."""
    states = {Port("a:1", INGEST): PortState.FREE, Port("b:2", INGEST): PortState.OURS,
              Port("c:3", INGEST): PortState.FREE}  # fmt: skip
    assert list(judge_ports({port: PortOwner(state) for port, state in states.items()})) == [
        ok("ports", "b:2: used by our units"),
        ok("ports", "a:1, c:3: free"),
    ]
