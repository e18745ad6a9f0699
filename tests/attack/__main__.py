"""`python -m tests.attack [COUNT]`: 100,000 generated hook requests and 500 idle connections, measured."""

import sys

from tests.attack.run import attack
from tests.demo.install import install
from tests.demo.screen import Screen
from tests.lab.container import Container
from tests.lab.platform import PlatformServer


def main(count: int) -> None:
    """Install, attack, and print the figures."""
    with Container() as container:
        platform = PlatformServer(container, "alpha", key="alpha-key", port=21000)
        platform.start()
        install(container, "nginx-rtmp", (platform,), Screen())
        print("\n".join(attack(container, count=count, idle=500, warm_up=count // 10).lines()))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
