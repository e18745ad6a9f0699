"""Which units a change restarts, reloads, starts or stops where there are several channels."""

from dataclasses import replace

import pytest

from restream_agent.base import paths
from restream_agent.base.channel_paths import paths_of
from restream_agent.base.file_tree import File, Tree
from restream_agent.config.load import load
from restream_agent.config.relays import all_relays
from restream_agent.deploy.changed_units import channels_in
from restream_agent.deploy.changes import compare
from restream_agent.deploy.plan import Actions, plan_actions
from restream_agent.render import assets
from restream_agent.render.tree import render
from restream_agent.systemd import unit_names
from tests.golden.rendering import fixed_facts

ASSETS = assets.load()
TOP = """version = 1
[ingest]
key = { credential = "ingest" }
[platforms.twitch]
preset = "twitch"
key = { credential = "twitch" }
"""
ES = """[channels.es]
key = { credential = "ingest-es" }
[channels.es.platforms.twitch]
preset = "twitch"
key = { credential = "twitch-es" }
"""
EN = ES.replace("es", "en").replace("pren", "pres")
SOCKETS_OF_ES = ("fallback-live@es.socket", "fallback@es.socket", "restream-report@es.socket")
AGENT = unit_names.AGENT_UNIT


def tree(*tables: str) -> Tree:
    config = load("\n".join((TOP, *tables)), source="t")
    rendered = render(config, fixed_facts(config), ASSETS)
    drop_ins = {path.split("@")[1].split(".service")[0] for path in rendered if "/ffmpeg-relay@" in path}
    assert {relay.full_name for relay in all_relays(config)} == drop_ins - {""}
    return rendered


def between(before: Tree, after: Tree, *, secrets: frozenset[str] = frozenset()) -> Actions:
    """Return the actions from one tree to another, with the relays and channels of the second."""
    names = {path.split("@")[1].split(".service")[0] for path in after if "/ffmpeg-relay@" in path}
    return plan_actions(
        compare(before, after),
        changed_secrets=secrets,
        relays=frozenset(names - {""}),
        channels=channels_in(after),
    )


ONE, TWO, THREE = tree(), tree(ES), tree(ES, EN)


def test_a_channel_that_is_added_starts_its_sockets_and_restarts_the_agent() -> None:
    """No unit of another channel is named; a player of its name was of `main`.

    The first channel brings walls, which are there for what runs from its next start on.
    """
    walls = ("ffmpeg-relay@twitch.service", unit_names.INGEST_UNIT)
    for before, after, next_start in ((ONE, TWO, walls), (tree(EN), THREE, ())):
        assert between(before, after) == Actions(
            daemon_reload=True,
            stop=("live@es.service",),
            restart=(AGENT,),
            start=SOCKETS_OF_ES,
            start_on_air=("ffmpeg-relay@es.twitch.service",),
            next_start=next_start,
        )


def test_a_channel_that_is_removed_stops_with_all_its_units() -> None:
    """Others go on; the agent learns of it."""
    planned = between(THREE, tree(EN))
    assert replace(planned, stop=()) == Actions(daemon_reload=True, restart=(AGENT,))
    assert set(planned.stop) == {
        "restream@es.target",
        "fallback@es.service",
        "live@es.service",
        "ffmpeg-relay@es.twitch.service",
        "restream-off-air@es.timer",
        "restream-fallback-prepare@es.service",
        "restream-es.slice",
        *SOCKETS_OF_ES,
    }


def test_the_last_channel_that_is_removed_leaves_main_alone() -> None:
    """The templates go too."""
    planned = between(TWO, ONE)
    assert (planned.restart, planned.reload) == ((AGENT,), ())
    assert not {unit for unit in planned.stop if "es" not in unit.replace("restream", "")}


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ('[channels.es.ingest]\nstall = "2s"\n', Actions(reload=("fallback@es.service",))),
        (
            '[channels.es.fallback]\nhold = "2h"\n',
            Actions(daemon_reload=True, restart=(AGENT,)),
        ),
        (
            '[channels.es.fallback]\nhold = "forever"\n',
            Actions(daemon_reload=True, restart=(AGENT,), stop=("restream-off-air@es.timer",)),
        ),
        ("[channels.es.limits]\ncpu_weight = 200\n", Actions(daemon_reload=True)),
        (
            '[channels.es.platforms.youtube]\npreset = "youtube"\nkey = { credential = "youtube-es" }\n',
            Actions(daemon_reload=True, restart=(AGENT,), start_on_air=("ffmpeg-relay@es.youtube.service",)),
        ),
    ],
    ids=["stall", "hold", "hold forever", "weight", "platform"],
)
def test_a_changed_channel_touches_its_own_units(setting: str, expected: Actions) -> None:
    """As the same change at the top touches those of `main`."""
    assert between(THREE, tree(ES, setting, EN)) == expected


def test_a_changed_address_of_a_channel_s_platform_restarts_that_relay() -> None:
    """The relay of the same name in another channel stays."""
    after = tree(ES + 'server = "EU: Frankfurt"\n', EN)
    assert between(THREE, after) == Actions(daemon_reload=True, restart=("ffmpeg-relay@es.twitch.service",))


def test_a_changed_key_restarts_the_relay_of_one_channel() -> None:
    """And the key of a channel's OBS restarts the agent."""
    planned = between(THREE, THREE, secrets=frozenset({"es.twitch"}))
    assert planned == Actions(restart=("ffmpeg-relay@es.twitch.service",))
    assert between(THREE, THREE, secrets=frozenset({"es.ingest"})) == Actions(restart=(AGENT,))


def changed(path: str) -> Tree:
    """Return the tree of three channels with another text in a unit."""
    entry = THREE[f"{paths.UNITS}/{path}"]
    assert isinstance(entry, File)
    text = entry.content.replace("[Service]", "[Service]\nNice=1").replace("[Socket]", "[Socket]\nBacklog=1")
    assert text != entry.content
    return {**THREE, f"{paths.UNITS}/{path}": File(text)}


def test_a_changed_template_is_for_each_channel() -> None:
    """As after an upgrade; `main` has units of its own."""
    programs = ("fallback@en.service", "fallback@es.service")
    assert between(THREE, changed("fallback@.service")).restart == programs
    with_doors = (*programs, "fallback@en.socket", "fallback@es.socket")
    assert between(THREE, changed("fallback@.socket")).restart == tuple(sorted(with_doors))
    reports = ("restream-agent.service", "restream-report@en.socket", "restream-report@es.socket")
    assert between(THREE, changed("restream-report@.socket")).restart == reports


def test_a_changed_player_of_a_channel_restarts_alone() -> None:
    """It has a unit file of its own."""
    assert between(THREE, changed("live@es.service")).restart == ("live@es.service",)


def test_a_changed_relay_unit_of_a_channel_waits_for_its_next_start() -> None:
    """As the template of main's relays does, for main's relays alone."""
    planned = between(THREE, changed("ffmpeg-relay@es.twitch.service"))
    assert planned == Actions(daemon_reload=True, next_start=("ffmpeg-relay@es.twitch.service",))
    planned = between(THREE, changed("ffmpeg-relay@.service"))
    assert planned == Actions(daemon_reload=True, next_start=("ffmpeg-relay@twitch.service",))


def test_the_channels_of_a_tree_are_those_with_settings() -> None:
    """Not those of which only a directory is left."""
    assert [sorted(channels_in(each)) for each in (ONE, THREE)] == [[], ["en", "es"]]
    assert paths_of("es").agent_settings in TWO
