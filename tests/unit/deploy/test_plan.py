"""Which units a change restarts, reloads, starts or stops."""

from pathlib import Path

import pytest

from restream_agent.base import paths
from restream_agent.base.file_tree import File, Link, Tree
from restream_agent.config.load import load
from restream_agent.config.model import Config
from restream_agent.config.relays import relays
from restream_agent.deploy.changes import compare
from restream_agent.deploy.plan import Actions, plan_actions
from restream_agent.render import assets
from restream_agent.render.tree import render
from restream_agent.systemd import unit_names
from restream_agent.systemd.directives import directives
from tests.golden.rendering import fixed_facts

ASSETS = assets.load()
INGEST = '[ingest]\nkey = { credential = "ingest" }\n'
FALLBACK = "[fallback]\n"
TWITCH = '[platforms.twitch]\npreset = "twitch"\nkey = { credential = "twitch" }\n'
YOUTUBE = '[platforms.youtube]\npreset = "youtube"\nkey = { credential = "youtube" }\n'
RELAY = "ffmpeg-relay@{}.service"
OLD_LAYOUT = Path(__file__).parents[2] / "data/units-before-rooms"
"""Units as restream-agent rendered them when its modules stood in one folder."""


def toml(*tables: str) -> Config:
    return load("\n".join(("version = 1", *(tables or (INGEST, FALLBACK, TWITCH)))), source="t")


def tree(*tables: str) -> Tree:
    config = toml(*tables)
    return render(config, fixed_facts(config), ASSETS)


def between(before: Tree, after: Tree, *, secrets: frozenset[str] = frozenset()) -> Actions:
    """Return the actions from one tree to another, with the relays of the second."""
    units = [path.split("/")[-2] for path in after if "/ffmpeg-relay@" in path and ".d/" in path]
    relay_names = frozenset(unit_names.relay_of(unit.removesuffix(".d")) for unit in units)
    return plan_actions(compare(before, after), changed_secrets=secrets, relays=relay_names)


BEFORE = tree(INGEST, FALLBACK, TWITCH)


def test_the_same_again_needs_nothing() -> None:
    """Two equal trees make no change and no action."""
    assert compare(BEFORE, dict(BEFORE)) == ()
    assert between(BEFORE, BEFORE).is_empty


def test_a_first_apply_starts_sockets_before_services() -> None:
    """Everything is new: one daemon-reload, what is enabled; relays only while on air."""
    assert between({}, BEFORE) == Actions(
        daemon_reload=True,
        start=(
            "fallback-live.socket",
            "fallback.socket",
            "restream-agent.socket",
            "restream-agent.service",
            "restream-ingest.service",
        ),
        start_on_air=(RELAY.format("twitch"),),
    )


def test_a_new_platform_starts_its_relay_while_on_air() -> None:
    """The agent restarts to learn of it; no other unit that runs is touched."""
    assert between(BEFORE, tree(INGEST, FALLBACK, TWITCH, YOUTUBE)) == Actions(
        daemon_reload=True,
        restart=(unit_names.AGENT_UNIT,),
        start_on_air=(RELAY.format("youtube"),),
    )


def test_a_backup_is_a_relay_of_its_own() -> None:
    """Turning it on starts one more relay; the platform's first relay is not touched."""
    before = tree(INGEST, FALLBACK, YOUTUBE)
    planned = between(before, tree(INGEST, FALLBACK, YOUTUBE + "backup = true\n"))
    assert (planned.start_on_air, planned.restart) == (
        (RELAY.format("youtube-backup"),),
        (unit_names.AGENT_UNIT,),
    )


@pytest.mark.parametrize("after", [(), (TWITCH + "enabled = false\n",)])
def test_a_platform_removed_or_disabled_stops_only_its_relay(after: tuple[str, ...]) -> None:
    """Its unit stops; the other relay is not named."""
    before = tree(INGEST, FALLBACK, TWITCH, YOUTUBE)
    assert between(before, tree(INGEST, FALLBACK, YOUTUBE, *after)) == Actions(
        daemon_reload=True, stop=(RELAY.format("twitch"),), restart=(unit_names.AGENT_UNIT,)
    )


def test_a_changed_platform_restarts_only_its_relay() -> None:
    """A new address changes its drop-in alone."""
    other = TWITCH + 'server = "EU: Frankfurt"\n'
    after = tree(INGEST, FALLBACK, other, YOUTUBE)
    assert between(tree(INGEST, FALLBACK, TWITCH, YOUTUBE), after) == Actions(
        daemon_reload=True, restart=(RELAY.format("twitch"),)
    )


def test_a_changed_key_restarts_exactly_its_users() -> None:
    """A platform and its backup share a key; a name that is no longer a relay is left out."""
    both = tree(INGEST, FALLBACK, YOUTUBE + "backup = true\n", TWITCH)
    planned = between(both, both, secrets=frozenset({"youtube", "youtube-backup", "gone"}))
    assert planned == Actions(restart=(RELAY.format("youtube-backup"), RELAY.format("youtube")))


def test_a_changed_ingest_key_restarts_the_agent() -> None:
    """No other process knows the key."""
    planned = between(BEFORE, BEFORE, secrets=frozenset({"ingest"}))
    assert planned == Actions(restart=(unit_names.AGENT_UNIT,))


def test_a_changed_stall_reloads_the_program() -> None:
    """It does not restart: it holds the relays' connections."""
    after = tree(INGEST + 'stall = "2s"\n', FALLBACK, TWITCH)
    assert between(BEFORE, after) == Actions(reload=(unit_names.PROGRAM_UNIT,))


def test_a_changed_program_unit_restarts_it_and_does_not_reload_it() -> None:
    """A restart reads the settings too, so a reload is not needed."""
    path = f"{paths.UNITS}/{unit_names.PROGRAM_UNIT}"
    after = tree(INGEST + 'stall = "2s"\n', FALLBACK, TWITCH) | {path: File("new")}
    assert between(BEFORE, after) == Actions(daemon_reload=True, restart=(unit_names.PROGRAM_UNIT,))


def test_a_changed_hold_reaches_timer_and_agent() -> None:
    """systemd reads the timer again and the agent restarts; the broadcast is not touched."""
    after = tree(INGEST, FALLBACK + 'hold = "1h"\n', TWITCH)
    assert between(BEFORE, after) == Actions(daemon_reload=True, restart=(unit_names.AGENT_UNIT,))


@pytest.mark.parametrize("hold", ["forever", "0s"])
def test_a_timer_that_is_no_longer_configured_is_stopped(hold: str) -> None:
    """A hold without end, or without length, has no timer."""
    after = tree(INGEST, FALLBACK + f'hold = "{hold}"\n', TWITCH)
    assert between(BEFORE, after).stop == (unit_names.HOLD_TIMER,)


def test_standby_puts_the_channel_on_air() -> None:
    """The target starts at boot, and now."""
    assert between(BEFORE, tree(INGEST, FALLBACK + "standby = true\n", TWITCH)).start == (unit_names.TARGET,)


def test_srs_takes_a_changed_timeout_on_reload() -> None:
    """The timeout is in the vhost; the program, which waits a little longer, reloads too."""
    after = tree(INGEST + 'timeout = "20s"\n', FALLBACK, TWITCH)
    assert between(BEFORE, after) == Actions(reload=(unit_names.PROGRAM_UNIT, unit_names.INGEST_UNIT))


def test_srs_restarts_for_another_port() -> None:
    """`listen` stands outside the vhost."""
    after = tree(INGEST + 'listen = "0.0.0.0:1936"\n', FALLBACK, TWITCH)
    assert unit_names.INGEST_UNIT in between(BEFORE, after).restart


def test_nginx_restarts_for_a_changed_timeout() -> None:
    """A reload would keep the publisher in a worker that live@ cannot reach."""
    nginx = INGEST + 'server = "nginx-rtmp"\n'
    before = tree(nginx, FALLBACK, TWITCH)
    planned = between(before, tree(nginx + 'timeout = "20s"\n', FALLBACK, TWITCH))
    assert (planned.restart, planned.reload) == ((unit_names.INGEST_UNIT,), (unit_names.PROGRAM_UNIT,))


def test_a_server_handed_to_the_user_is_stopped() -> None:
    """manage = false takes the unit away."""
    after = tree(INGEST + "manage = false\n", FALLBACK, TWITCH)
    assert unit_names.INGEST_UNIT in between(BEFORE, after).stop


def test_another_server_takes_the_place_of_the_first() -> None:
    """The one unit restarts with the other program."""
    after = tree(INGEST + 'server = "nginx-rtmp"\n', FALLBACK, TWITCH)
    assert unit_names.INGEST_UNIT in between(BEFORE, after).restart


def test_a_changed_socket_restarts_with_its_service() -> None:
    """A socket alone does not restart while its service runs."""
    path = f"{paths.UNITS}/{unit_names.RELAY_DOOR}"
    planned = between(BEFORE, {**BEFORE, path: File("new")})
    assert planned.restart == (unit_names.PROGRAM_UNIT, unit_names.RELAY_DOOR)


def edited(drop_in: str, old: str, new: str) -> Tree:
    """Return the tree with another text in one relay's drop-in."""
    path = f"{paths.UNITS}/{RELAY.format(drop_in)}.d/10-restream.conf"
    entry = BEFORE[path]
    assert isinstance(entry, File)
    assert old in entry.content
    return {**BEFORE, path: File(entry.content.replace(old, new))}


def test_a_changed_relay_template_waits_for_the_next_start_of_every_relay() -> None:
    """A restart would cost every platform its connection; no unit is restarted."""
    before = tree(INGEST, FALLBACK, TWITCH, YOUTUBE)
    after = {**before, f"{paths.UNITS}/{unit_names.RELAY_TEMPLATE}": File("new")}
    expected = (RELAY.format("twitch"), RELAY.format("youtube"))
    assert between(before, after) == Actions(daemon_reload=True, next_start=expected)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("-m restream_agent.launchers.relay_attempt", "-m restream_agent.attempt"),
        ("/opt/restream-agent/bin/python3 -I ", '"/opt/another place/python3" -I '),
        ("Description=Relay", "Description=The relay"),
        ("# Made by", "; Made by"),
        ("[Service]", "SourcePath=/etc/restream.toml\n[Service]"),
        ("MemoryMax", "\n# a new reason\nMemoryMax"),
        ("/usr/bin/ffmpeg", "/usr/local/bin/ffmpeg"),
        ("-stats_period 1", "-stats_period 2"),
        ("MemoryMax=256M", "MemoryMax=2G"),
        ("[Service]", "[Service]\nIPAddressDeny=any"),
    ],
)
def test_what_an_upgrade_changes_waits_for_the_relays_next_start(old: str, new: str) -> None:
    """What the relay sends, and where, is the same: its connection to the platform stays."""
    expected = Actions(daemon_reload=True, next_start=(RELAY.format("twitch"),))
    assert between(BEFORE, edited("twitch", old, new)) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("-c copy", "-c:v libx264"),
        ("live-video.net", "live-video.example"),
        ("LoadCredential=", "LoadCredentialEncrypted="),
    ],
)
def test_another_encoding_url_or_key_restarts_the_relay(old: str, new: str) -> None:
    """The TOML has asked for another connection."""
    expected = Actions(daemon_reload=True, restart=(RELAY.format("twitch"),))
    assert between(BEFORE, edited("twitch", old, new)) == expected


def test_an_upgrade_from_the_layout_before_the_rooms_keeps_every_connection() -> None:
    """The template and the drop-in of that layout, as they were: no relay restarts."""
    old = {
        f"{paths.UNITS}/{unit_names.RELAY_TEMPLATE}": (OLD_LAYOUT / "ffmpeg-relay@.service").read_text(),
        f"{paths.UNITS}/{RELAY.format('twitch')}.d/10-restream.conf": (
            OLD_LAYOUT / "ffmpeg-relay@twitch.service.d" / "10-restream.conf"
        ).read_text(),
    }
    before = BEFORE | {path: File(text) for path, text in old.items()}
    upgrade = between(before, BEFORE)
    assert (upgrade.restart, upgrade.next_start) == ((), (RELAY.format("twitch"),))


def test_a_running_relay_of_that_layout_stops_with_the_new_template() -> None:
    """Its directory stays where it is, ffmpeg ends on either signal, and no command needs the old process."""
    template = BEFORE[f"{paths.UNITS}/{unit_names.RELAY_TEMPLATE}"]
    assert isinstance(template, File)
    keys = ("RuntimeDirectory", "KillMode", "KillSignal", "RestartPrevent", "RestartSec", "StartLimit")
    old, new = (
        [line for line in directives(text) if line.startswith(keys)]
        for text in ((OLD_LAYOUT / "ffmpeg-relay@.service").read_text(), template.content)
    )
    assert (len(old) >= 5, old) == (True, new)
    assert not [line for line in directives(template.content) if line.startswith("ExecStop")]


def test_a_relay_that_restarts_anyway_is_not_named_twice() -> None:
    """A new key or a new address restarts it, and that is its next start."""
    path = f"{paths.UNITS}/{unit_names.RELAY_TEMPLATE}"
    before = tree(INGEST, FALLBACK, TWITCH, YOUTUBE)
    after = tree(INGEST, FALLBACK, TWITCH + 'server = "EU: Frankfurt"\n', YOUTUBE) | {path: File("new")}
    assert between(before, after, secrets=frozenset({"youtube"})) == Actions(
        daemon_reload=True, restart=(RELAY.format("twitch"), RELAY.format("youtube"))
    )


def test_a_new_relay_starts_with_the_new_template() -> None:
    """Neither a relay that starts nor a relay that stops waits for anything."""
    path = f"{paths.UNITS}/{unit_names.RELAY_TEMPLATE}"
    after = tree(INGEST, FALLBACK, YOUTUBE) | {path: File("new")}
    upgrade = between(BEFORE, after)
    assert upgrade.next_start == ()
    assert (upgrade.stop, upgrade.start_on_air) == ((RELAY.format("twitch"),), (RELAY.format("youtube"),))


def test_a_link_in_place_of_a_drop_in_is_replaced_with_a_restart() -> None:
    """Its text is not known, so the relay may send something else."""
    path = f"{paths.UNITS}/{RELAY.format('twitch')}.d/10-restream.conf"
    assert between({**BEFORE, path: Link("/dev/null")}, BEFORE).restart == (RELAY.format("twitch"),)


def test_relays_of_the_configuration_are_what_the_tree_has() -> None:
    """`between` above takes the relays from the drop-ins; they are the relays of the configuration."""
    config = toml(INGEST, FALLBACK, TWITCH, YOUTUBE + "backup = true\n")
    assert [relay.name for relay in relays(config)] == ["twitch", "youtube", "youtube-backup"]
