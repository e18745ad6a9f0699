"""What on-air, off-air and fallback on|off say when they are done: the new state, and what comes next. Pure.

Each takes the channel's status after the change, None if the agent does not answer: the change itself needs
no agent. `argument` is what has to stand after a command to mean the channel: "" or " es".
"""

from restream_agent.cli.status_words import span, state_words
from restream_agent.wire.status_report import StatusReport


def on_air(status: StatusReport | None, argument: str, *, was_on_air: bool, had_hold: bool) -> str:
    """Return what `on-air` says of a channel that was on air before, or in its hold, or neither."""
    end = f"until restream-agent off-air{argument}"
    if had_hold:
        return f"the hold has ended: the fallback stays on air until OBS is back, or {end}"
    if was_on_air:
        return f"on air already{_state(status)}"
    if _unseen(status):
        return f"on air with the fallback; OBS is sending, and cannot be shown: {_unseen(status)}"
    if status is not None and status.publisher is not None:
        return "on air with the fallback; OBS is sending and is shown from its next keyframe on"
    return f"on air with the fallback, until OBS comes, or {end}"


def off_air(status: StatusReport | None, argument: str, *, was_on_air: bool) -> str:
    """Return what `off-air` says."""
    state = "off air" if was_on_air else "off air already"
    if status is not None and status.publisher is not None:
        return (
            f"{state}; OBS is still sending: restream-agent on-air{argument} shows it, or its next start does"
        )
    return f"{state}, until OBS comes, or until restream-agent on-air{argument}"


def break_begun(status: StatusReport | None, argument: str, *, was_so: bool) -> str:
    """Return what `fallback on` says."""
    already = " already" if was_so else ""
    return f"the fallback plays{already}, until restream-agent fallback off{argument}{_absence(status)}"


def break_ended(status: StatusReport | None, *, was_so: bool) -> str:
    """Return what `fallback off` says; `was_so` if there was no break to end."""
    is_absent = status is not None and status.publisher is None
    if was_so:
        return f"there was no break{_state(status)}"
    if is_absent:
        return f"the break is over, and the fallback plays on{_absence(status)}"
    if _unseen(status):
        return f"the break is over, and the fallback plays on, OBS cannot be shown: {_unseen(status)}"
    return "the break is over: back to OBS from its next keyframe on"


def _state(status: StatusReport | None) -> str:
    return "" if status is None else f": {state_words(status)}{_absence(status)}"


def _unseen(status: StatusReport | None) -> str:
    """Return why OBS, which is there, is not shown: its picture is in a codec that no platform gets."""
    if status is None or status.publisher is None or status.live is None:
        return ""
    return status.unplayable.get(status.live.video_codec, "")


def _absence(status: StatusReport | None) -> str:
    """Return that OBS is not there, and what comes of that; "" if it is there, or if that is not known."""
    if status is None or status.publisher is not None:
        return ""
    hold = "" if status.hold_left is None else f", off air in {span(status.hold_left)} unless it comes back"
    return f"; OBS is not connected{hold}"
