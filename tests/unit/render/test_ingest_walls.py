"""What a server's configuration has only where there are several channels is known in both servers."""

import pytest

from restream_agent.base import paths
from restream_agent.base.file_tree import File
from restream_agent.config.load import load
from restream_agent.render import assets
from restream_agent.render.ingest_walls import without_walls
from restream_agent.render.tree import render
from restream_agent.systemd.directives import directives
from tests.golden.rendering import fixed_facts

TOP = """version = 1
[ingest]
key = { credential = "ingest" }
"""
CHANNEL = '[channels.es]\nkey = { credential = "ingest-es" }\n'


def configuration(server: str, more: str = "") -> str:
    """Return the server's configuration."""
    config = load(f'{TOP}server = "{server}"\n{more}', source="t")
    file = render(config, fixed_facts(config), assets.load())[paths.INGEST_CONFIG[server]]
    assert isinstance(file, File)
    return file.content


@pytest.mark.parametrize("server", ["srs", "nginx-rtmp"])
@pytest.mark.parametrize("manage", ["true", "false"])
def test_two_renderings_differ_by_the_walls_alone(server: str, manage: str) -> None:
    """So a first channel restarts no server, however the templates change."""
    alone = configuration(server, f"manage = {manage}\n")
    beside = configuration(server, f"manage = {manage}\n{CHANNEL}")
    assert directives(beside) != directives(alone)
    assert directives(without_walls(beside)) == directives(without_walls(alone)) == directives(alone)
