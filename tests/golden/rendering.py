"""Rendering for the golden tests, for a fixed machine and for the machine that runs the tests."""

import sys
from pathlib import Path

from restream_agent.base.file_tree import File, Tree
from restream_agent.config.load import load
from restream_agent.config.model import Config
from restream_agent.render import assets
from restream_agent.render.facts import Facts
from restream_agent.render.tree import render

CASES = sorted(path.parent for path in Path(__file__).parent.glob("*/restream.toml"))
SERVER_BINARY = {"srs": "/usr/local/srs/objs/srs", "nginx-rtmp": "/usr/sbin/nginx"}
MODULE = "/usr/lib/nginx/modules/ngx_rtmp_module.so"


def read(case: Path) -> Config:
    """Return the case's configuration."""
    file = case / "restream.toml"
    return load(file.read_text(), source=file.name)


def fixed_facts(config: Config) -> Facts:
    """Return the facts of the fixed machine."""
    return Facts(
        source="/etc/restream-agent/restream.toml",
        python="/opt/restream-agent/bin/python3",
        code=("/opt/restream-agent",),
        ffmpeg="/usr/bin/ffmpeg",
        server_binary=str(config.ingest.binary or SERVER_BINARY[config.ingest.server]),
        nginx_rtmp_module=MODULE,
        hook_token="fake-hook-token",
        ffmpeg_obstacles=dict.fromkeys(("hevc", "av1", "vp9", "opus"), "this machine's ffmpeg 5.1.9"),
    )


def rendered(case: Path) -> Tree:
    """Render a case for the fixed machine."""
    config = read(case)
    return render(config, fixed_facts(config), assets.load())


def stage(case: Path, directory: Path) -> Path:
    """Write a case's files for the machine that runs the tests, and return the directory of the units.

    An executable stand-in takes the place of each program that is not installed: units are checked, not run.
    """
    config = read(case)
    known = fixed_facts(config)
    stand_in = directory / "restream-agent"
    stand_in.touch(mode=0o755)
    facts = Facts(
        source=known.source,
        python=sys.executable,
        ffmpeg=_existing(known.ffmpeg, stand_in),
        server_binary=_existing(known.server_binary, stand_in),
        nginx_rtmp_module=MODULE,
        hook_token=known.hook_token,
    )
    for path, entry in render(config, facts, assets.load()).items():
        place = directory / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(entry, File):
            # systemd looks for a name without a directory only in its own search path.
            text = entry.content.replace("ExecStart=restream-agent", f"ExecStart={stand_in}")
            place.write_text(text.replace("ExecStart=:restream-agent", f"ExecStart=:{stand_in}"))
    return directory / "etc/systemd/system"


def _existing(program: str, stand_in: Path) -> str:
    return program if Path(program).exists() else str(stand_in)
