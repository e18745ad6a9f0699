"""The name or the address under which OBS reaches this machine."""

import socket

import pytest

from restream_agent.deploy.own_host import own_host, remark

ADDRESS = "203.0.113.7"


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Stand in for the network: one address, and a DNS that knows no name."""
    monkeypatch.setattr("restream_agent.deploy.own_host._own_address", lambda: ADDRESS)
    monkeypatch.setattr(socket, "getfqdn", lambda: "box")
    return monkeypatch


def dns(patch: pytest.MonkeyPatch, name: str, address: str) -> None:
    patch.setattr(socket, "getfqdn", lambda: name)
    patch.setattr(
        socket, "getaddrinfo", lambda *_: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))]
    )


def test_an_address_that_the_server_listens_on_is_the_answer(network: pytest.MonkeyPatch) -> None:
    """OBS reaches no other."""
    assert own_host("10.8.0.1:1935") == "10.8.0.1"


def test_a_name_that_leads_here_is_better_than_an_address(network: pytest.MonkeyPatch) -> None:
    """It is what people type."""
    dns(network, "stream.example.org", ADDRESS)
    assert own_host("0.0.0.0:1935") == "stream.example.org"


@pytest.mark.parametrize(
    ("name", "leads_to"), [("box.lan", "127.0.1.1"), ("box", ADDRESS), ("localhost.localdomain", ADDRESS)]
)
def test_a_name_that_leads_elsewhere_is_not_taken(
    network: pytest.MonkeyPatch, name: str, leads_to: str
) -> None:
    """Debian's /etc/hosts has the machine's name at 127.0.1.1."""
    dns(network, name, leads_to)
    assert own_host("0.0.0.0:1935") == ADDRESS


def test_without_a_network_there_is_no_answer(network: pytest.MonkeyPatch) -> None:
    """The caller writes HOST."""
    network.setattr("restream_agent.deploy.own_host._own_address", lambda: "")
    assert own_host("0.0.0.0:1935") == ""


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("stream.example.org", ""),
        ("8.8.8.8", ""),
        ("192.168.1.5", "of this network; OBS elsewhere needs the public address"),
        ("127.0.0.1", "only OBS on this machine reaches it"),
        ("HOST", ""),
    ],
)
def test_an_address_says_from_where_it_works(host: str, words: str) -> None:
    """Many servers stand behind a router."""
    assert remark(host) == words
