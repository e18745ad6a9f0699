"""What needs a hand: a line for each thing that somebody should know or do, with what to do. Pure."""

from restream_agent.cli.status_words import span
from restream_agent.systemd.channels import Channel, channel_of
from restream_agent.systemd.unit_names import (
    APPLY_UNIT,
    GIT_APPLY_UNIT,
    GIT_FETCH_UNIT,
    PREPARE_UNIT,
    template_of,
)
from restream_agent.wire.status_report import CommitStatus, LiveStatus, RefusalStatus, StatusReport

_RARE_KEYFRAMES = 4.0
"""Seconds. No preset allows fewer keyframes; OBS left to itself sends one in 250 pictures."""

_REMEDY = "set OBS's keyframe interval to 2 s"

_NO_KEYFRAMES = 30.0
"""Seconds. The longest interval that OBS's settings allow is 20 s."""

_LONG_WAIT = 3.0
"""Seconds. A keyframe comes every 2 s."""

_WAITING = {
    "data": "OBS is connected, and nothing has come from it for {}",
    "picture": "OBS sends sound and no picture, or one that SRS leaves out (AV1, VP9): waiting for {}",
    "keyframe": f"waiting for a keyframe of OBS for {{}}: {_REMEDY} (Settings, Output)",
    "real time": "waiting for OBS's stream to keep real time for {}: its network is slow, or catches up",
}

_DECISIONS = {
    "unconfirmed": "a change waits to be confirmed: restream-agent confirm keeps it, restream-agent "
    "take-back takes it back",
    "taken back": "the last change was taken back, so what runs is not what the TOML says (edit it, or "
    "restream-agent apply)",
}
"""What `apply --confirm` has left to be done."""

_RESULTS = {
    "refused": "was refused",
    "failed": "could not be applied",
    "not signed": "was refused, as it is not signed,",
    "not forward": "was refused, as it does not follow,",
}
"""What became of a commit that is not applied."""

_RECENT = 600.0
"""Seconds for which a refused publisher is shown. `status --json` shows the last one always."""


def machine_remarks(status: StatusReport) -> list[str]:
    """Return a line for each thing that somebody should know or do about the machine, not a channel."""
    remarks = []
    if status.ingest == "down":
        remarks.append("ingest server: does not answer (systemctl status restream-ingest)")
    if status.port == "down":
        remarks.append(
            "ingest server: accepts no connections, OBS cannot connect (journalctl -u restream-agent)"
        )
    if status.config == "refused":
        words = f": {status.config_words}" if status.config_words else " (journalctl -u restream-apply)"
        remarks.append(f"last edit not applied{words}")
    if status.commit is not None and status.commit.result != "applied":
        remarks.append(_commit_words(status.commit))
    if not status.watch:
        remarks.append("edits of the TOML wait for restream-agent apply (agent.watch = false)")
    remarks += [_DECISIONS[status.config]] if status.config in _DECISIONS else []
    if GIT_FETCH_UNIT in status.failed_units:
        remarks.append(
            "the Git repository of the TOML could not be fetched, no new commit arrives "
            "(journalctl -u restream-git-fetch)"
        )
    return remarks + [_failed_words(unit) for unit in _failed(status) if channel_of(unit).is_main]


def remarks_of(status: StatusReport, channel: Channel) -> list[str]:
    """Return a line for each thing that somebody should know or do about a channel."""
    own = () if channel.is_main else (unit for unit in _failed(status) if channel_of(unit) == channel)
    remarks = [_failed_words(unit) for unit in own]
    if status.systemd == "refuses":
        remarks.append("systemd does not let the agent start and stop units (journalctl -u restream-agent)")
    if status.preparation == "failed":
        unit = channel.unit(PREPARE_UNIT).removesuffix(".service")
        remarks.append(
            "the fallback could not be prepared for OBS's format, an earlier one plays "
            f"(journalctl -u {unit})"
        )
    if status.refusal is not None and status.refusal.ago < _RECENT:
        remarks.append(_refusal_words(status.refusal))
    if status.live is not None and status.live.weak:
        remarks.append(_weak_words(status.live))
    if status.live is not None and status.live.connected:
        remarks += _missing_words(status, status.live)
        remarks += [] if status.unplayable else _waiting_words(status.live)
        remarks += _keyframe_words(status.live, is_live=status.state == "live")
    return [*remarks, *_codec_remarks(status)]


def needs_hand(status: StatusReport) -> bool:
    """Whether something on the machine or around the channel has failed, whatever OBS and platforms do."""
    words = {status.ingest, status.port, status.config, status.systemd, status.preparation}
    words |= {"refused"} if status.commit is not None and status.commit.result != "applied" else set()
    return bool(status.failed_units or words & {"down", "refused", "refuses", "failed", *_DECISIONS})


def _commit_words(commit: CommitStatus) -> str:
    """Return why the last commit is not what runs, and what does."""
    runs = f"the TOML is that of {commit.applied[:12]}" if commit.applied else "the TOML is from no commit"
    verdict = f"{_RESULTS.get(commit.result, commit.result)} {span(commit.ago)} ago"
    return f"commit {commit.commit[:12]} {verdict}: {commit.words} ({runs})"


def _failed(status: StatusReport) -> list[str]:
    """Return the failed units that have no words of their own."""
    told = {APPLY_UNIT, GIT_FETCH_UNIT, PREPARE_UNIT, template_of(PREPARE_UNIT)}
    if status.commit is not None and status.commit.result != "applied":
        told.add(GIT_APPLY_UNIT)
    return [unit for unit in status.failed_units if unit not in told and _template(unit) not in told]


def _template(unit: str) -> str:
    stem, at, rest = unit.partition("@")
    return f"{stem}@.{rest.rpartition('.')[2]}" if at else unit


def _failed_words(unit: str) -> str:
    name = unit.removesuffix(".service")
    return f"{unit} has failed (journalctl -u {name}; systemctl reset-failed {name} forgets it)"


def _codec_remarks(status: StatusReport) -> list[str]:
    """Return a line for each track of OBS that no platform gets."""
    others = () if status.live is None else status.live.other_tracks
    return [*status.unplayable.values(), *(f"{name} of OBS is not played: the first is" for name in others)]


def _missing_words(status: StatusReport, live: LiveStatus) -> list[str]:
    """Return a line for sound that does not come, or is not heard."""
    if live.missing == "sound":
        return ["OBS sends no sound: silence is sent in its place"]
    if status.state == "live" and status.sound == "silence" and not live.missing:
        return ["OBS sends its sound more than 2 s after its picture: silence is sent in its place"]
    return []


def _waiting_words(live: LiveStatus) -> list[str]:
    """Return what keeps OBS's stream from being shown, once that takes longer than it should."""
    words = _WAITING.get(live.waits_for, "")
    return [words.format(span(live.waited))] if words and live.waited >= _LONG_WAIT else []


def _keyframe_words(live: LiveStatus, *, is_live: bool) -> list[str]:
    """Return what is wrong with OBS's keyframes."""
    if live.keyframe_age is not None and live.keyframe_age > _NO_KEYFRAMES:
        age = span(live.keyframe_age)
        return [
            f"OBS sends no keyframes, the last one {age} ago: a return after a break and a relay that starts "
            f"wait for one ({_REMEDY}, turn intra refresh off, and start the stream again)"
        ]
    if is_live and live.keyframe_interval > _RARE_KEYFRAMES:
        return [f"a keyframe only every {live.keyframe_interval:g} s: {_REMEDY} (Settings, Output)"]
    return []


def _weak_words(live: LiveStatus) -> str:
    """Return the words for a line that does not carry what OBS sends."""
    speed = "" if live.speed is None else f"{live.speed:.2f} s of stream arrive in a second, "
    return f"weak line: {speed}{live.late:.1f} s late (lower OBS's bitrate, or look at its network)"


def _refusal_words(refusal: RefusalStatus) -> str:
    ago, address = span(refusal.ago), refusal.address or "an unknown address"
    remedy = refusal.remedy or "restream-agent obs --show-key shows what to type"
    return f"a publisher was refused {ago} ago: {refusal.reason}, from {address} ({remedy})"
