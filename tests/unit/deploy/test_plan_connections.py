"""An upgrade brings new comments and launchers. They restart no unit that holds a connection."""

from dataclasses import replace

import pytest

from restream_agent.base import paths
from restream_agent.base.file_tree import File
from restream_agent.deploy.plan import Actions
from restream_agent.systemd import unit_names
from tests.unit.deploy.test_plan import BEFORE, FALLBACK, INGEST, TWITCH, between, tree


@pytest.mark.parametrize(
    "path",
    [
        *(
            f"{paths.UNITS}/{unit}"
            for unit in (
                unit_names.AGENT_SOCKET,
                unit_names.RELAY_DOOR,
                unit_names.LIVE_TEMPLATE,
                unit_names.INGEST_UNIT,
            )
        ),
        paths.INGEST_CONFIG["srs"],
    ],
)
def test_a_comment_restarts_nothing_that_is_connected(path: str) -> None:
    """No hook is refused and OBS keeps its connection; a directive does restart the unit."""
    entry = BEFORE[path]
    assert isinstance(entry, File)
    comment = {**BEFORE, path: replace(entry, content=f"# new\n{entry.content}")}
    directive = {**BEFORE, path: replace(entry, content=f"new\n{entry.content}")}
    assert between(BEFORE, comment) == Actions(daemon_reload=path.startswith(paths.UNITS))
    assert between(BEFORE, directive).restart != ()


def test_another_launcher_leaves_the_ingest_server_alone() -> None:
    """The server runs on under the launcher that started it."""
    path = f"{paths.UNITS}/{unit_names.INGEST_UNIT}"
    entry = BEFORE[path]
    assert isinstance(entry, File)
    text = entry.content.replace(
        "restream_agent.launchers.ingest_server", "restream_agent.launchers.log_filter"
    )
    assert text != entry.content
    assert between({**BEFORE, path: File(text)}, BEFORE) == Actions(daemon_reload=True)


def test_srs_takes_a_changed_timeout_on_reload_also_with_a_new_comment() -> None:
    """Comments before the vhost do not count."""
    path = paths.INGEST_CONFIG["srs"]
    after = tree(INGEST + 'timeout = "20s"\n', FALLBACK, TWITCH)
    entry = after[path]
    assert isinstance(entry, File)
    after[path] = replace(entry, content=f"# new\n{entry.content}")
    assert unit_names.INGEST_UNIT in between(BEFORE, after).reload
