"""An apply that waits to be confirmed: confirmed, taken back, and after a reboot."""

from pathlib import Path
from subprocess import CompletedProcess

import pytest

from restream_agent.base import files, paths
from restream_agent.base.channel_paths import paths_of
from restream_agent.base.errors import CommandError, RestreamError
from restream_agent.base.file_tree import File
from restream_agent.deploy import take_back, unconfirmed, unfinished
from restream_agent.deploy.plan import Actions
from restream_agent.deploy.unfinished import Intent
from tests.unit.deploy.test_apply import TWITCH, YOUTUBE, applied, planned
from tests.unit.deploy.trials import (
    BROADCAST,
    ES,
    INLINE,
    OUR_UNITS,
    SERVERS,
    ObedientMachine,
    confirmed,
    make_root,
    of_the_machine,
    taken_back,
    toml,
    tried,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a root where twitch is applied."""
    return make_root(tmp_path)


def test_what_is_confirmed_is_as_after_any_apply(root: Path) -> None:
    """The units that would have taken it back are gone, and so is what was written down."""
    machine = ObedientMachine(*SERVERS)
    tried(root, machine, TWITCH, YOUTUBE)
    assert unconfirmed.exists(root)
    assert machine.calls[:2] == ["daemon-reload", "restart restream-take-back.timer"]
    assert "OnActiveSec=1min\n" in (root / f"etc/systemd/system/{OUR_UNITS[1]}").read_text()
    confirmed(root, machine)
    assert planned(root, TWITCH, YOUTUBE).is_empty
    assert not unconfirmed.exists(root)
    assert not list(root.rglob("restream-take-back*"))
    assert "restream-take-back.timer" not in machine.active


@pytest.mark.parametrize("tables", [(TWITCH, YOUTUBE), (YOUTUBE,), (TWITCH, ES), (INLINE,)])
def test_what_is_taken_back_leaves_nothing(root: Path, tables: tuple[str, ...]) -> None:
    """Every file and the manifest are as before; the TOML is as its author left it."""
    before = of_the_machine(root)
    machine = ObedientMachine(*SERVERS)
    tried(root, machine, *tables)
    assert before != of_the_machine(root)
    assert taken_back(root, machine) == str(toml(root))
    assert before == of_the_machine(root)
    assert planned(root, TWITCH).is_empty
    assert tables[0] in toml(root).read_text()


def test_what_an_earlier_apply_has_left_to_be_done_is_left_again(root: Path) -> None:
    """It was interrupted: the next apply is to complete it."""
    unfinished.write(root, Intent(("/etc/a",), Actions(restart=("restream-agent.service",))))
    before, machine = of_the_machine(root), ObedientMachine(*SERVERS)
    tried(root, machine, TWITCH, YOUTUBE)
    assert unfinished.read(root) == Intent()
    taken_back(root, machine)
    assert before == of_the_machine(root)


def test_a_first_apply_is_taken_back_with_all_that_it_has_started(tmp_path: Path) -> None:
    """Also the broadcast that OBS has begun meanwhile."""
    for name in ("ingest", "twitch"):
        files.write(tmp_path, f"{paths.CREDENTIALS}/{name}", File(f"{name}-key\n", mode=0o600))
    toml(tmp_path).touch()
    machine = ObedientMachine()
    tried(tmp_path, machine, TWITCH)
    machine.active |= {*SERVERS, *BROADCAST}
    taken_back(tmp_path, machine)
    assert machine.active == set()
    left = {path.name for path in tmp_path.rglob("*") if path.is_file() or path.is_symlink()}
    assert left == {"ingest", "twitch", "restream.toml", "taken-back", "apply.lock"}


def test_units_are_as_before(root: Path) -> None:
    """A relay that the change has removed runs again; a relay with the old URL begins anew."""
    machine = ObedientMachine(*SERVERS, *BROADCAST)
    edited = TWITCH.replace('preset = "twitch"', 'url = "rtmp://192.0.2.1/app"')
    tried(root, machine, YOUTUBE)
    machine.active -= {"ffmpeg-relay@twitch.service"}
    taken_back(root, machine)
    assert {*SERVERS, *BROADCAST} <= machine.active
    tried(root, machine, edited)
    machine.calls.clear()
    taken_back(root, machine)
    assert "try-restart ffmpeg-relay@twitch.service restream-agent.service" in machine.calls or (
        "try-restart ffmpeg-relay@twitch.service" in machine.calls
    )


def test_a_key_of_the_toml_is_taken_back_from_its_relay(root: Path) -> None:
    """It is in a file of its own, which no unit names anew."""
    applied(root, INLINE)
    machine = ObedientMachine(*SERVERS, *BROADCAST)
    tried(root, machine, INLINE.replace("live_first", "live_second"))
    machine.calls.clear()
    taken_back(root, machine)
    assert "try-restart ffmpeg-relay@twitch.service" in machine.calls
    assert files.locate(root, f"{paths.INLINE_KEYS}/twitch").read_text() == "live_first"


def test_a_server_that_the_change_has_broken_runs_again(root: Path) -> None:
    """It had failed after the apply."""
    machine = ObedientMachine(*SERVERS)
    tried(root, machine, TWITCH, YOUTUBE)
    machine.active -= {"restream-ingest.service"}
    taken_back(root, machine)
    assert "restream-ingest.service" in machine.active


def test_a_broadcast_that_has_ended_meanwhile_is_not_begun_anew(root: Path) -> None:
    """Somebody has used off-air."""
    machine = ObedientMachine(*SERVERS, *BROADCAST)
    tried(root, machine, TWITCH, YOUTUBE)
    machine.active -= set(BROADCAST)
    taken_back(root, machine)
    assert machine.active == set(SERVERS)


def test_a_channel_that_was_removed_is_on_air_again(root: Path) -> None:
    """With what the operator has asked for; once the removal is confirmed, that is forgotten."""
    applied(root, TWITCH, ES)
    request = f"{paths_of('es').operator}/open"
    files.write(root, request, File(""))
    machine = ObedientMachine(*SERVERS, "restream@es.target", "fallback@es.service", "fallback@es.socket")
    tried(root, machine, TWITCH)
    machine.active = set(SERVERS)
    taken_back(root, machine)
    assert {"restream@es.target", "fallback@es.service", "fallback@es.socket"} <= machine.active
    assert files.locate(root, request).exists()
    tried(root, machine, TWITCH)
    confirmed(root, machine)
    assert not files.locate(root, request).exists()


def test_before_the_time_is_over_systemd_takes_nothing_back(root: Path) -> None:
    """Unless the machine was booted since: then it does at once."""
    machine = ObedientMachine(*SERVERS)
    before = of_the_machine(root)
    tried(root, machine, TWITCH, YOUTUBE)
    assert taken_back(root, machine, only_if_due=True) is None
    assert unconfirmed.exists(root)
    place = files.locate(root, paths.UNCONFIRMED)
    place.write_text(place.read_text().replace(unconfirmed.boot_id(), "another-boot"))
    assert taken_back(root, machine, only_if_due=True) == str(toml(root))
    assert before == of_the_machine(root)


def test_after_a_reboot_no_broadcast_is_begun(root: Path) -> None:
    """It has ended with the boot before."""
    machine = ObedientMachine(*SERVERS, *BROADCAST)
    tried(root, machine, TWITCH, YOUTUBE)
    place = files.locate(root, paths.UNCONFIRMED)
    place.write_text(place.read_text().replace(unconfirmed.boot_id(), "another-boot"))
    machine.active = set(SERVERS)
    taken_back(root, machine, only_if_due=True)
    assert machine.active == set(SERVERS)


def test_when_the_time_is_over_it_is_taken_back(root: Path) -> None:
    """By the unit that the timer starts."""
    machine = ObedientMachine(*SERVERS)
    tried(root, machine, TWITCH, YOUTUBE, within=0.0)
    assert taken_back(root, machine, only_if_due=True) is not None


def test_an_apply_that_fails_waits_for_nobody(root: Path) -> None:
    """It has put everything back itself."""
    before, machine = of_the_machine(root), ObedientMachine(*SERVERS)
    place = root / "etc/systemd/system/ffmpeg-relay@youtube.service.d/10-restream.conf"
    place.mkdir(parents=True)
    with pytest.raises(RestreamError, match="Is a directory"):
        tried(root, machine, TWITCH, YOUTUBE)
    place.rmdir()
    place.parent.rmdir()
    assert before == of_the_machine(root)
    assert "restream-take-back.timer" not in machine.active


def test_while_it_waits_another_apply_is_refused(root: Path) -> None:
    """And nothing is written."""
    machine = ObedientMachine(*SERVERS)
    tried(root, machine, TWITCH, YOUTUBE)
    before = of_the_machine(root)
    with pytest.raises(RestreamError, match="waits to be confirmed") as caught:
        applied(root, TWITCH)
    assert "restream-agent confirm keeps it, restream-agent take-back" in caught.value.hint
    assert before == of_the_machine(root)


def test_what_was_taken_back_is_no_edit_until_it_is_edited(root: Path) -> None:
    """Or until an apply by hand, which forgets that it was taken back."""
    machine = ObedientMachine(*SERVERS)
    tried(root, machine, TWITCH, YOUTUBE)
    taken_back(root, machine)
    assert take_back.is_taken_back(root, toml(root))
    toml(root).touch()
    assert take_back.is_taken_back(root, toml(root))
    toml(root).write_text(toml(root).read_text() + "# edited\n")
    assert not take_back.is_taken_back(root, toml(root))
    with pytest.raises(RestreamError, match="the last change was taken back"):
        confirmed(root, machine)
    applied(root, TWITCH, YOUTUBE)
    assert not files.locate(root, paths.TAKEN_BACK).exists()


def test_a_copy_that_was_taken_back_is_no_edit_of_the_toml(root: Path) -> None:
    """What the TOML says is what runs, and an edit of it is applied as every edit."""
    machine = ObedientMachine(*SERVERS)
    tried(root, machine, TWITCH, YOUTUBE)
    place = files.locate(root, paths.UNCONFIRMED)
    place.write_text(place.read_text().replace(str(toml(root)), "/root/copy.toml"))
    assert taken_back(root, machine) == "/root/copy.toml"
    assert not take_back.is_taken_back(root, toml(root))


def test_where_nothing_waits_there_is_nothing_to_decide(root: Path) -> None:
    """A unit that comes too late says nothing."""
    for decide in (confirmed, taken_back):
        with pytest.raises(RestreamError, match="nothing waits to be confirmed"):
            decide(root, ObedientMachine())
    assert taken_back(root, ObedientMachine(), only_if_due=True) is None


def test_what_is_written_down_is_root_s_and_never_shown(root: Path) -> None:
    """It may hold keys."""
    applied(root, INLINE)
    tried(root, ObedientMachine(*SERVERS), TWITCH)
    place = files.locate(root, paths.UNCONFIRMED)
    assert place.stat().st_mode & 0o7777 == 0o600
    assert "live_first" in place.read_text()
    record = unconfirmed.read(root)
    assert record is not None
    assert "live_first" not in repr(record)
    assert "live_first" not in repr(record.tree())


def test_what_cannot_be_put_back_is_named_and_tried_again(root: Path) -> None:
    """Everything else is as before by then, and the record waits for the next try."""
    before, machine = of_the_machine(root), ObedientMachine(*SERVERS)
    tried(root, machine, YOUTUBE)
    drop_in = root / "etc/systemd/system/ffmpeg-relay@twitch.service.d"
    drop_in.touch()
    with pytest.raises(RestreamError, match=r"taken back completely: .*ffmpeg-relay@twitch") as caught:
        taken_back(root, machine)
    assert caught.value.hint == "see above, then restream-agent take-back"
    assert unconfirmed.exists(root)
    drop_in.unlink()
    taken_back(root, machine)
    assert before == of_the_machine(root)


def test_a_unit_that_does_not_start_keeps_nothing_from_being_taken_back(root: Path) -> None:
    """The files are as before, and nothing waits any more; the error says what systemd said."""

    class Refusing(ObedientMachine):
        def __call__(
            self, argv: tuple[str, ...], *, timeout: float, ok: tuple[int, ...] = (0,)
        ) -> CompletedProcess[str]:
            if "try-restart" in argv:
                raise CommandError(argv, "failed with exit status 1")
            return super().__call__(argv, timeout=timeout, ok=ok)

    before = of_the_machine(root)
    tried(root, ObedientMachine(*SERVERS), TWITCH, YOUTUBE)
    with pytest.raises(RestreamError, match="not everything runs as before") as caught:
        taken_back(root, Refusing(*SERVERS))
    assert "try-restart" in caught.value.message
    assert before == of_the_machine(root)
    assert not unconfirmed.exists(root)


def test_a_damaged_record_is_named(root: Path) -> None:
    """With what to do."""
    files.write(root, paths.UNCONFIRMED, File("{}"))
    with pytest.raises(RestreamError, match=r"unconfirmed\.json is damaged"):
        taken_back(root, ObedientMachine())
