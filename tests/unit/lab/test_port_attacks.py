"""The attacks on the public port are bounded, their bytes are as meant, and their outcomes are judged."""

from dataclasses import replace

import pytest

from tests.attack import packets
from tests.attack.port_attacks import MOST_BYTES, MOST_CLIENTS, MOST_SECONDS, PORT_ATTACKS, PortAttack
from tests.attack.port_judge import GAP_MS, PortOutcome
from tests.lab.rtmp import COMMAND, HANDSHAKE_BYTES, RtmpParser

WELL = PortOutcome("idle-1200", "srs", True, 1.0, 4.0, 0, 60.0, 1, {"a.service": 10.0}, {"a.service": 20.0})


@pytest.mark.parametrize("attack", PORT_ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_is_bounded(attack: PortAttack) -> None:
    """In clients, time and bytes."""
    sent = sum(len(piece) for piece in attack.script(0)) * (1 if attack.clients < 10 else attack.clients)
    lasts = attack.stays + (attack.clients / attack.rate if attack.rate else 0)
    assert (attack.clients <= MOST_CLIENTS, lasts <= MOST_SECONDS, sent <= MOST_BYTES) == (True, True, True)


def test_a_publish_is_three_commands() -> None:
    """As an RTMP server reads them."""
    parser = RtmpParser()
    data = bytes(HANDSHAKE_BYTES) + b"".join(packets.publish("main?key=wrong"))
    found = list(parser.feed(data, 0.0))
    assert [message.kind for message in found] == [COMMAND] * 3
    assert found[2].payload.endswith(packets.text("main?key=wrong") + packets.text("live"))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({}, None),
        ({"recovery": None}, "the port works again after never"),
        ({"recovery": 10.1}, "the port works again after 10.1 s"),
        ({"back": None}, "OBS is back after never"),
        ({"lost": 1}, "the platforms lost 1 connections"),
        ({"gap_ms": GAP_MS + 1}, "a silence of 201 ms during the attack"),
        ({"reconnect_gap_ms": GAP_MS + 1}, "a silence of 201 ms as OBS reconnects"),
        ({"memory": {"a.service": 30.0 * 1024}}, "a.service had 30 MiB of 0"),
        (
            {"complaints": ("the hold runs although OBS is connected",)},
            "the hold runs although OBS is connected",
        ),
    ],
)
def test_an_outcome_is_judged(change: dict[str, object], problem: str | None) -> None:
    """By recovery, OBS's return, the platforms, and memory."""
    outcome = replace(WELL, **change)  # type: ignore[arg-type]
    assert outcome.problems() == ([] if problem is None else [problem])
    assert outcome.hands() == int(problem is not None and "never" in problem)
