"""`apply --confirm`: arms the units that take an apply back, confirms it, or takes it back.

The units are there only while an apply waits to be confirmed, and belong to no configuration: a first apply
takes away its own units, too. The timer starts the service when the time is over; multi-user.target starts
it at a boot. They come before the record and go after it, so that no moment has a record without them.
Without a record the service removes them.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from restream_agent.base import files, paths
from restream_agent.base.errors import ConfigError, RestreamError
from restream_agent.base.file_tree import File, Link
from restream_agent.base.target import TargetMachine
from restream_agent.config import file
from restream_agent.config.document import Document
from restream_agent.config.pieces import parse_pieces
from restream_agent.deploy import unconfirmed, unfinished
from restream_agent.deploy.changed_units import channels_in
from restream_agent.deploy.changes import Change, compare
from restream_agent.deploy.perform import ACCOUNTS, forget_requests, perform, put, undoing_actions
from restream_agent.deploy.unconfirmed import Unconfirmed
from restream_agent.render.templates import Templates
from restream_agent.systemd import unit_names
from restream_agent.systemd.channels import channel_of
from restream_agent.systemd.systemctl import Systemd
from restream_agent.systemd.time_spans import format_span

log = logging.getLogger(__name__)

PATIENCE = 25 * 60.0
"""Seconds for which the unit waits for an apply that still runs. systemd ends the unit after 30 min."""

_SERVICE = f"{paths.UNITS}/{unit_names.TAKE_BACK_UNIT}"
_TIMER = f"{paths.UNITS}/{unit_names.TAKE_BACK_TIMER}"
_AT_BOOT = f"{paths.UNITS}/multi-user.target.wants/{unit_names.TAKE_BACK_UNIT}"
OWN_PATHS = (_AT_BOOT, _TIMER, _SERVICE)
"""Files that are there only while an apply waits to be confirmed."""

_OWN = (unit_names.TAKE_BACK_UNIT, unit_names.TAKE_BACK_TIMER)
_OURS = (
    "restream*.target", "restream*.service", "restream*.socket", "fallback*.service", "fallback*.socket",
    "ffmpeg-relay@*.service", "live@*.service",
)  # fmt: skip
_BY_THE_AGENT = (
    "live@",
    "restream-off-air",
    "restream-apply",
    "restream-fallback-",
    "restream-forget",
    "restream-notify.service",
)
"""What the agent or a socket starts, and what ends by itself."""


def arm(root: Path, fill: Templates, within: float, systemd: Systemd) -> None:
    """Install the units that take an apply back, and start the timer."""
    files.write(root, _SERVICE, File(fill(f"{unit_names.TAKE_BACK_UNIT}.j2")))
    timer = fill(f"{unit_names.TAKE_BACK_TIMER}.j2", within=format_span(within))
    files.write(root, _TIMER, File(timer))
    files.write(root, _AT_BOOT, Link(f"../{unit_names.TAKE_BACK_UNIT}"))
    files.settle(root, (_SERVICE, _AT_BOOT))
    systemd.daemon_reload()
    restart_timer(systemd)


def restart_timer(systemd: Systemd) -> None:
    """Have the time begin anew."""
    systemd.change("restart", (unit_names.TAKE_BACK_TIMER,), reason="the apply waits to be confirmed")


def disarm(root: Path, systemd: Systemd) -> None:
    """Remove the units, after the record: without it they take nothing back."""
    systemd.change("stop", systemd.active(unit_names.TAKE_BACK_TIMER), reason="the apply is decided")
    for path in OWN_PATHS:
        files.remove(root, path)
    systemd.daemon_reload()


def confirm(target: TargetMachine, systemd: Systemd) -> None:
    """Keep what was applied; RestreamError if nothing waits to be confirmed, or the apply did not end."""
    with files.lock(target.root):
        record = _require(target.root)
        if not record.is_complete:
            raise RestreamError("the apply was interrupted and cannot be kept", hint=unconfirmed.END)
        forget_requests(record.removed, target)
        files.settle(target.root, record.before)
        unconfirmed.forget(target.root)
        log.info("the apply is confirmed")
        disarm(target.root, systemd)
        _apply_what_waited(systemd)


def take_back(
    target: TargetMachine, systemd: Systemd, *, prepare: Callable[[], None], only_if_due: bool
) -> str | None:
    """Put back all that an apply has replaced, and have systemd run what ran before; return the TOML's path.

    With `only_if_due` nothing happens before the time is over, and None is returned. `prepare` makes the
    fallback video of before available. Raises RestreamError; what could be put back is, and the record stays
    for another try.
    """
    with files.lock(target.root, wait=PATIENCE if only_if_due else files.LOCK_SECONDS):
        record = unconfirmed.read(target.root) if only_if_due else _require(target.root)
        if record is None:  # a kill came before the record was written, or after it was removed
            disarm(target.root, systemd)
            return None
        if only_if_due and record.left(target.root) > 0:  # the apply has ended while this waited for it
            if not systemd.active(unit_names.TAKE_BACK_TIMER):
                restart_timer(systemd)
            return None
        log.warning("taking back an apply that was not confirmed")
        failed = _put_back(record, target, systemd)
        trouble = _act(record, failed.changes, target.root, systemd, prepare)
        if failed.paths:
            message = f"the change could not be taken back completely: {', '.join(failed.paths)}"
            raise RestreamError(message, hint=f"see above, then {unconfirmed.END}")
        _note(target.root, record)
        files.settle(target.root, record.before)
        unconfirmed.forget(target.root)
        disarm(target.root, systemd)
        _apply_what_waited(systemd)
        if trouble:
            message = "the change is taken back, but not everything runs as before:\n" + "\n".join(trouble)
            raise RestreamError(message, hint="restream-agent status")
        return record.source


def _apply_what_waited(systemd: Systemd) -> None:
    """Have an edit applied that was refused as the apply waited to be confirmed.

    The agent starts none then, but it may have just before. Nothing is changed if the TOML says what was
    confirmed or taken back, and status does not call the edit refused any more.
    """
    if systemd.active(unit_names.APPLY_UNIT).get(unit_names.APPLY_UNIT) == "failed":
        with suppress(RestreamError):  # a first apply that was taken back has taken the unit with it
            systemd.change("start", (unit_names.APPLY_UNIT,), reason="it was refused before", wait=False)


def _require(root: Path) -> Unconfirmed:
    record = unconfirmed.read(root)
    if record is None:
        was = files.locate(root, paths.TAKEN_BACK).exists()
        reason = ": the last change was taken back" if was else ""
        hint = "restream-agent apply applies what the TOML says" if was else ""
        raise RestreamError(f"nothing waits to be confirmed{reason}", hint=hint)
    return record


@dataclass(frozen=True)
class _PutBack:
    """The changes that led back, and the paths where one has failed."""

    changes: tuple[Change, ...]
    paths: tuple[str, ...]


def _put_back(record: Unconfirmed, target: TargetMachine, systemd: Systemd) -> _PutBack:
    """Stop what runs only because of the apply, and make the changes that lead back."""
    before = record.tree()
    wanted = {path: entry for path, entry in before.items() if entry is not None}
    unfinished.clean(target.root, wanted)
    systemd.change("stop", _new(record, systemd), reason="it was not there before")
    current = files.read_tree(target.root, before, secret=frozenset(before))
    changes = compare(current, wanted)
    failed = tuple(change.path for change in changes if not _is_put(change, target))
    for path, text in ((paths.MANIFEST, record.manifest), (paths.UNFINISHED, record.unfinished)):
        if text is None:
            files.remove(target.root, path)
        else:
            files.write(target.root, path, File(text, mode=0o600))
    return _PutBack(changes, failed)


def _is_put(change: Change, target: TargetMachine) -> bool:
    """Make one change; a failure is logged, and the others are made."""
    try:
        put(change, target)
    except RestreamError as error:
        log.error("%s", error.message)
        return False
    return True


def _act(
    record: Unconfirmed,
    changes: tuple[Change, ...],
    root: Path,
    systemd: Systemd,
    prepare: Callable[[], None],
) -> list[str]:
    """Have systemd notice the changes, then start what ran before the apply and does not run now.

    Every step is tried, whatever becomes of the others; the messages of those that failed are returned.
    """
    there = [path for path, entry in record.tree().items() if entry is not None]
    actions = undoing_actions(changes, channels_in(there))
    # After a reboot the directories of a channel that the apply had removed are not there.
    has_accounts = any(path in ACCOUNTS for path in there)
    reason = "it ran before the apply that is taken back"
    steps: tuple[Callable[[], None], ...] = (
        lambda: systemd.create_accounts(*ACCOUNTS) if has_accounts else None,
        systemd.daemon_reload,
        prepare,
        # After a first apply there is no unit left to be restarted.
        lambda: None if record.manifest is None else perform(actions, systemd),
        lambda: systemd.change("start", _lost(record, root, systemd), reason=reason),
    )
    trouble = []
    for step in steps:
        try:
            step()
        except RestreamError as error:
            log.error("%s", error.message)
            trouble.append(error.message)
    return trouble


def running(systemd: Systemd) -> tuple[str, ...]:
    """Return the units of ours that run, but for those that take an apply back."""
    states = systemd.active(*_OURS)
    return tuple(unit for unit, state in states.items() if state != "failed" and unit not in _OWN)


def _new(record: Unconfirmed, systemd: Systemd) -> tuple[str, ...]:
    """Return what runs only because of the apply: after a first one, everything."""
    if record.manifest is not None:
        return tuple(unit for unit in running(systemd) if unit in record.started)
    return tuple(unit for unit in running(systemd) if unit not in record.active)


def _lost(record: Unconfirmed, root: Path, systemd: Systemd) -> tuple[str, ...]:
    """Return what ran before and does not run now, because of the apply or of what it had brought.

    A broadcast that has ended meanwhile is not begun anew, unless the apply has ended it. After a reboot
    systemd has started what runs without a broadcast, and no broadcast goes on.
    """
    now = frozenset(running(systemd))
    lost = tuple(unit for unit in record.active if unit not in now and not unit.startswith(_BY_THE_AGENT))
    permanent = tuple(filter(_is_permanent, lost))
    if record.boot != unconfirmed.boot_id(root):
        return permanent
    targets = {unit for unit in lost if unit.endswith(".target") and unit in record.stopped}

    def is_on_air(unit: str) -> bool:
        return channel_of(unit).unit(unit_names.TARGET) in now | targets

    return tuple(unit for unit in lost if unit in permanent or unit in targets or is_on_air(unit))


def _is_permanent(unit: str) -> bool:
    """Whether a unit runs without a broadcast."""
    return unit.endswith(".socket") or unit in (unit_names.AGENT_UNIT, unit_names.INGEST_UNIT)


def _note(root: Path, record: Unconfirmed) -> None:
    """Note what the TOML said: it is not applied again by itself. An edit since then is.

    The note is empty if a copy was applied (--config): what runs then is what the TOML says.
    """
    is_copy = Path(record.source) != files.locate(root, paths.CONFIG)
    files.write(root, paths.TAKEN_BACK, File("" if is_copy else record.said, mode=0o600))


def is_taken_back(root: Path, source: Path) -> bool:
    """Whether the TOML still says what it said when its change was taken back."""
    place = files.locate(root, paths.TAKEN_BACK)
    noted = place.read_text() if place.exists() else ""
    return bool(noted) and noted == toml_hash(source)


def toml_hash(source: Path) -> str:
    """Return a hash of what the TOML's files say, "" if they cannot be read."""
    try:
        return hash_of(parse_pieces(file.read_pieces(source)).document)
    except ConfigError:
        return ""


def hash_of(document: Document) -> str:
    """Return a hash of a TOML that was read."""
    return sha256("\0".join((document.source, str(document.others), document.text)).encode()).hexdigest()
