"""What changes, and which units notice."""

import pytest

from restream_agent.base import paths
from restream_agent.base.file_tree import File, Link, Tree
from restream_agent.config.load import load
from restream_agent.config.model import Config
from restream_agent.config.relays import relays
from restream_agent.deploy.plan import Actions, Change, actions, changes, describe
from restream_agent.render import assets
from restream_agent.render.tree import render
from restream_agent.systemd import unit_names
from tests.golden.rendering import fixed_facts

ASSETS = assets.load()
INGEST = '[ingest]\nkey = { credential = "ingest" }\n'
FALLBACK = "[fallback]\n"
TWITCH = '[platforms.twitch]\npreset = "twitch"\nkey = { credential = "twitch" }\n'
YOUTUBE = '[platforms.youtube]\npreset = "youtube"\nkey = { credential = "youtube" }\n'
RELAY = "ffmpeg-relay@{}.service"


def toml(*tables: str) -> Config:
    return load("\n".join(("version = 1", *(tables or (INGEST, FALLBACK, TWITCH)))), source="t")


def tree(*tables: str) -> Tree:
    config = toml(*tables)
    return render(config, fixed_facts(config), ASSETS)


def between(before: Tree, after: Tree, *, secrets: frozenset[str] = frozenset()) -> Actions:
    """Return the actions from one tree to another, with the relays of the second."""
    units = [path.split("/")[-2] for path in after if "/ffmpeg-relay@" in path and ".d/" in path]
    found = frozenset(unit_names.relay_of(unit.removesuffix(".d")) for unit in units)
    return actions(changes(before, after), changed_secrets=secrets, relays=found)


BEFORE = tree(INGEST, FALLBACK, TWITCH)


def test_the_same_again_needs_nothing() -> None:
    """Two equal trees make no change and no action."""
    assert changes(BEFORE, dict(BEFORE)) == ()
    assert between(BEFORE, BEFORE).is_empty


def test_a_first_apply_starts_sockets_before_services() -> None:
    """Everything is new: accounts, one daemon-reload, what is enabled; relays only while on air."""
    assert between({}, BEFORE) == Actions(
        accounts=True,
        daemon_reload=True,
        start=(
            "fallback.socket",
            "restream-agent.socket",
            "restream-agent.service",
            "restream-ingest.service",
        ),
        start_on_air=(RELAY.format("twitch"),),
    )


def test_a_new_platform_starts_its_relay_while_on_air() -> None:
    """Besides, the agent learns of it; nothing that runs is touched."""
    assert between(BEFORE, tree(INGEST, FALLBACK, TWITCH, YOUTUBE)) == Actions(
        daemon_reload=True,
        restart=(unit_names.AGENT_UNIT,),
        start_on_air=(RELAY.format("youtube"),),
    )


def test_a_backup_is_a_relay_of_its_own() -> None:
    """Turning it on starts one more relay; the platform's first one is not touched."""
    before = tree(INGEST, FALLBACK, YOUTUBE)
    found = between(before, tree(INGEST, FALLBACK, YOUTUBE + "backup = true\n"))
    assert (found.start_on_air, found.restart) == (
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
    """A new address is its drop-in's business alone."""
    other = TWITCH + 'server = "EU: Frankfurt"\n'
    after = tree(INGEST, FALLBACK, other, YOUTUBE)
    assert between(tree(INGEST, FALLBACK, TWITCH, YOUTUBE), after) == Actions(
        daemon_reload=True, restart=(RELAY.format("twitch"),)
    )


def test_a_changed_key_restarts_exactly_its_users() -> None:
    """A platform and its backup share a key; a name that is no relay any more is left out."""
    both = tree(INGEST, FALLBACK, YOUTUBE + "backup = true\n", TWITCH)
    found = between(both, both, secrets=frozenset({"youtube", "youtube-backup", "gone"}))
    assert found == Actions(restart=(RELAY.format("youtube-backup"), RELAY.format("youtube")))


def test_a_changed_ingest_key_restarts_the_agent() -> None:
    """It alone knows it."""
    found = between(BEFORE, BEFORE, secrets=frozenset({"ingest"}))
    assert found == Actions(restart=(unit_names.AGENT_UNIT,))


def test_a_changed_stall_reloads_the_program() -> None:
    """Nothing restarts: the relays' connections are in it."""
    after = tree(INGEST + 'stall = "2s"\n', FALLBACK, TWITCH)
    assert between(BEFORE, after) == Actions(reload=(unit_names.PROGRAM_UNIT,))


def test_a_changed_program_unit_restarts_it_and_does_not_reload_it() -> None:
    """One or the other, even if its settings changed too."""
    path = f"{paths.UNITS}/{unit_names.PROGRAM_UNIT}"
    after = tree(INGEST + 'stall = "2s"\n', FALLBACK, TWITCH) | {path: File("new")}
    assert between(BEFORE, after) == Actions(daemon_reload=True, restart=(unit_names.PROGRAM_UNIT,))


def test_a_changed_hold_reaches_timer_and_agent() -> None:
    """The timer is read anew, the agent restarts; nothing of the broadcast does."""
    after = tree(INGEST, FALLBACK + 'hold = "1h"\n', TWITCH)
    assert between(BEFORE, after) == Actions(daemon_reload=True, restart=(unit_names.AGENT_UNIT,))


@pytest.mark.parametrize("hold", ["forever", "0s"])
def test_a_timer_that_is_no_longer_wanted_is_stopped(hold: str) -> None:
    """A hold that never ends, or is none, has no timer."""
    after = tree(INGEST, FALLBACK + f'hold = "{hold}"\n', TWITCH)
    assert between(BEFORE, after).stop == (unit_names.HOLD_TIMER,)


def test_standby_puts_the_channel_on_air() -> None:
    """The target is wanted at boot, and from now on."""
    assert between(BEFORE, tree(INGEST, FALLBACK + "standby = true\n", TWITCH)).start == (unit_names.TARGET,)


def test_srs_takes_a_changed_timeout_on_reload() -> None:
    """It is in its vhost; the program, which waits a little longer, reloads too."""
    after = tree(INGEST + 'timeout = "20s"\n', FALLBACK, TWITCH)
    assert between(BEFORE, after) == Actions(reload=(unit_names.PROGRAM_UNIT, unit_names.INGEST_UNIT))


def test_srs_restarts_for_another_port() -> None:
    """`listen` stands outside the vhost."""
    after = tree(INGEST + 'listen = "0.0.0.0:1936"\n', FALLBACK, TWITCH)
    assert unit_names.INGEST_UNIT in between(BEFORE, after).restart


def test_nginx_restarts_for_a_changed_timeout() -> None:
    """On a reload it would keep the publisher in a worker that live@ cannot reach."""
    nginx = INGEST + 'server = "nginx-rtmp"\n'
    before = tree(nginx, FALLBACK, TWITCH)
    found = between(before, tree(nginx + 'timeout = "20s"\n', FALLBACK, TWITCH))
    assert (found.restart, found.reload) == ((unit_names.INGEST_UNIT,), (unit_names.PROGRAM_UNIT,))


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
    path = f"{paths.UNITS}/{unit_names.PROGRAM_SOCKET}"
    found = between(BEFORE, {**BEFORE, path: File("new")})
    assert found.restart == (unit_names.PROGRAM_UNIT, unit_names.PROGRAM_SOCKET)


def test_a_changed_relay_template_restarts_every_relay() -> None:
    """And no other unit."""
    before = tree(INGEST, FALLBACK, TWITCH, YOUTUBE)
    after = {**before, f"{paths.UNITS}/{unit_names.RELAY_TEMPLATE}": File("new")}
    expected = (RELAY.format("twitch"), RELAY.format("youtube"))
    assert between(before, after) == Actions(daemon_reload=True, restart=expected)


def test_a_change_undone_is_no_change() -> None:
    """`inverse` swaps before and after, and turns create into delete."""
    change = Change("/x", None, File("a"))
    assert (change.kind, change.inverse().kind, change.inverse().inverse()) == ("create", "delete", change)


def test_a_description_is_a_unified_diff() -> None:
    """With /dev/null for what is not there, and the whole path."""
    found = changes({"/b": File("old\n")}, {"/a": Link("../x"), "/b": File("new\n")})
    assert describe(found) == (
        "--- /dev/null\n+++ /a\n@@ -0,0 +1 @@\n+link to ../x\n--- /b\n+++ /b\n@@ -1 +1 @@\n-old\n+new\n"
    )


def test_a_mode_is_described_too() -> None:
    """The same text with other rights is a change."""
    found = changes({"/a": File("x")}, {"/a": File("x", mode=0o600, group="adm")})
    assert "@@ mode 0644 to 0600, group root to adm @@" in describe(found)


OLD, NEW = File("old-key", is_secret=True), File("new-key", is_secret=True)


@pytest.mark.parametrize("change", [Change("/k", OLD, NEW), Change("/k", None, NEW), Change("/k", OLD, None)])
def test_a_secret_is_never_described(change: Change) -> None:
    """Neither the old one nor the new one, whether it comes, goes or changes."""
    text = describe((change,))
    assert "/k" in text
    assert "-key" not in text


def test_a_file_that_becomes_secret_is_not_described_either() -> None:
    """One side is enough."""
    assert "key" not in describe((Change("/a", File("key"), File("key", is_secret=True)),)).replace("/a", "")


def test_relays_of_the_configuration_are_what_the_tree_has() -> None:
    """`between` above finds the relays by their drop-ins; they are those of the configuration."""
    config = toml(INGEST, FALLBACK, TWITCH, YOUTUBE + "backup = true\n")
    assert [one.name for one in relays(config)] == ["twitch", "youtube", "youtube-backup"]
