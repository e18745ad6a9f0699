"""The pictures of the README: what `status` and `check` print on a terminal, drawn as SVG.

Run as root, as `make pictures`: a broadcast in a container, with platforms of the lab.
"""

import time
from contextlib import closing
from dataclasses import replace
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from tests.demo.install import ETC, PROGRAM, PROJECT, PUBLISH_URL, configuration, install
from tests.demo.screen import Screen
from tests.lab.container import Container
from tests.lab.obs import Encoder, Obs
from tests.lab.platform import PlatformServer
from tests.lab.terminal import Terminal

PICTURES = PROJECT / "docs" / "pictures"
PLATFORMS = ("twitch", "youtube", "kick")
REFUSING = "kick"
SECONDS_ON_AIR = 75.0  # the relay that is refused has tried a few times then
COLUMNS = 108
MISTAKES = (
    ('hold = "12s"', 'hold = "ten minutes"'),
    ("[platforms.youtube]\n", '[platforms.youtube]\npreset = "yuotube"\n'),
    ('key = { credential = "twitch" }', "keys = 'live_4711_abcdef'"),
)

# As rich draws it, but without a font from elsewhere and without the window around it.
SVG = """\
<svg viewBox="0 0 {width} {height}" xml:space="preserve" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: monospace; font-size: {char_height}px; line-height: {line_height}px; }}
{styles}
</style>
<defs>
{lines}
</defs>
<rect width="{width}" height="{height}" rx="8" fill="#0c0c0c" />
<g transform="translate(16, 20)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def draw(command: str, terminal: str) -> str:
    """Return an SVG of a command and of what it has printed on a terminal, with its ANSI sequences."""
    lines = [Text.assemble(("$ ", "dim"), (command, "bold")), *map(Text.from_ansi, terminal.splitlines())]
    width = max(line.cell_len for line in lines) + 1
    console = Console(record=True, width=width, file=StringIO())
    console.print(*lines, sep="\n", soft_wrap=True)
    return console.export_svg(theme=MONOKAI, code_format=SVG, unique_id="terminal")


def take(directory: Path) -> None:
    """Bring a broadcast on air and draw `status`, then spoil the TOML and draw `check`."""
    with Container() as container, closing(Terminal(container, columns=COLUMNS)) as terminal:
        platforms = tuple(
            PlatformServer(container, name, key=f"{name}-key", port=21000 + 10 * number)
            for number, name in enumerate(PLATFORMS)
        )
        for platform in platforms:
            platform.start()
        install(container, "nginx-rtmp", platforms, Screen())
        container.write(f"{ETC}/credentials/{REFUSING}", "an-old-key\n", mode=0o600)
        obs = Obs(container, PUBLISH_URL, replace(Encoder(), bitrate=6_000_000)).start()
        obs.wait_published()
        time.sleep(SECONDS_ON_AIR)
        _draw(terminal, "status", directory)
        obs.stop()
        container.run((PROGRAM, "off-air"))
        toml = configuration("nginx-rtmp", platforms)
        for good, bad in MISTAKES:
            toml = toml.replace(good, bad)
        container.write("/root/restream.toml", toml)
        _draw(terminal, "check", directory, "--config /root/restream.toml")


def _draw(terminal: Terminal, name: str, directory: Path, options: str = "") -> None:
    shown = f"restream-agent {name} {options}".rstrip()
    picture = directory / f"{name}.svg"
    picture.write_text(draw(shown, terminal.run(shown)))
    print(picture)


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    take(PICTURES)
