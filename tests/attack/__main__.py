"""`python -m tests.attack`: the public port and the listener of hooks under attack.

The public port: every attack of port_attacks.py, off air and on air, on each server, as a table. Hooks:
100,000 generated hook requests and 500 idle connections. Exit status 0 if nothing is out of its bounds.
"""

import argparse
import sys
from pathlib import Path

from tests.attack.port_attacks import PORT_ATTACKS, port_attack
from tests.attack.port_judge import PortOutcome, row, show
from tests.attack.port_run import play_attacks
from tests.attack.run import attack
from tests.chaos.on_servers import installed_servers, play_on
from tests.demo.install import install
from tests.demo.screen import Screen
from tests.lab.container import Container
from tests.lab.platform import PlatformServer


def main() -> int:
    """Attack and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.attack", description="Attack a running product.")
    parser.add_argument("--server", choices=("srs", "nginx-rtmp"), help="only on this ingest server")
    parser.add_argument("--attack", action="append", default=[], help="only this attack on the public port")
    parser.add_argument("--firewall", action="store_true", help="with the rules of examples/nftables")
    parser.add_argument(
        "--hooks", type=int, default=100_000, help="requests to the listener; 0 leaves it out"
    )
    parser.add_argument("--out", type=Path, default=Path("attack-report"), help="where to write the journals")
    parser.add_argument("--list", action="store_true", help="list the attacks on the public port and exit")
    arguments = parser.parse_args()
    if arguments.list:
        for one in PORT_ATTACKS:
            print(f"{one.name:24}{one.text}")
        return 0
    screen = Screen()
    attacks = tuple(map(port_attack, arguments.attack)) or PORT_ATTACKS
    servers = (arguments.server,) if arguments.server else installed_servers(screen)
    outcomes, is_whole = play_on(
        servers,
        lambda server: play_attacks(server, attacks, screen, arguments.out, has_firewall=arguments.firewall),
        _lines,
        screen,
    )
    show(outcomes, screen)
    if arguments.hooks and not arguments.attack:
        attack_listener(arguments.hooks)
    return 0 if is_whole and not any(outcome.problems() for outcome in outcomes) else 1


def _lines(outcome: PortOutcome, screen: Screen) -> str:
    """Return an outcome's row, and below it how the intruder's connections ended."""
    return f"{row(outcome, screen)}\n{'':11}{dict(outcome.ends)}, tries meanwhile {outcome.checks}"


def attack_listener(count: int) -> None:
    """Install, attack the listener, and print the figures."""
    with Container() as container:
        platform = PlatformServer(container, "alpha", key="alpha-key", port=21000)
        platform.start()
        install(container, "nginx-rtmp", (platform,), Screen())
        print("\n".join(attack(container, count=count, idle=500, warm_up=count // 10).lines()))


if __name__ == "__main__":
    sys.exit(main())
