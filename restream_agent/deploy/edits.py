"""What an apply changes in the words of the TOML's author: "twitch: url", "fallback: video". Pure.

The manifest keeps a keyed hash of each value, so what was applied before is compared and never stored.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from restream_agent.config.leaves import Leaf

ADDED, REMOVED = "added", "removed"
_ENABLED = {"True": "enabled", "False": "disabled"}


@dataclass(frozen=True)
class Edit:
    """What differs in one table: its keys ("url", "video.height"), or words such as "added" or "disabled".

    `subject` is a platform ("twitch", "es.twitch"), a table ("fallback", "es.fallback") or "channel es".
    """

    subject: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        """Return "twitch: url, key"."""
        return f"{self.subject}: {', '.join(self.words)}"


def edits(
    before: Mapping[str, str], after: Mapping[str, str], now: Mapping[str, Leaf], *, secrets: Iterable[str]
) -> tuple[Edit, ...]:
    """Return what differs, table by table: what is new or changed in the file's order, then what is gone.

    `before` and `after` have the hash of each key's value, `now` the values of `after`. `secrets` are the
    keys of which the stored secret has changed. A key that only a new version knows is no edit.
    """
    known, present = set(map(_subject, before)), set(map(_subject, after))
    tables, words = set(map(_table, before)) & set(map(_table, after)), dict[str, list[str]]()
    for key in (*after, *(key for key in before if key not in after)):
        subject = _subject(key)
        if subject in present - known or subject in known - present:
            _note(words, subject, ADDED if subject in present else REMOVED)
            if key.endswith(".enabled") and subject in present and now[key].value == "False":
                _note(words, subject, "disabled")
        elif key in secrets or _differs(key, before, after, now):
            _note(words, subject, _word(key, now, tables))
    channels = {subject for subject in words if _is_whole_channel(subject, words)}
    return tuple(
        Edit(subject, tuple(each))
        for subject, each in words.items()
        if not _is_part_of(subject, channels) or not _is_table(subject, (*before, *after))
    )


def _differs(key: str, before: Mapping[str, str], after: Mapping[str, str], now: Mapping[str, Leaf]) -> bool:
    if key not in before:
        return now[key].is_written
    return before[key] != after.get(key)


def _note(words: dict[str, list[str]], subject: str, word: str) -> None:
    noted = words.setdefault(subject, [])
    if word not in noted:
        noted.append(word)


def _subject(key: str) -> str:
    """Return what a reader calls the table of a key."""
    steps = key.split(".")
    channel = f"{steps[1]}." if steps[0] == "channels" else ""
    rest = steps[2:] if channel else steps
    if rest[0] == "platforms":
        return channel + rest[1]
    if channel and len(rest) == 1:
        return f"channel {steps[1]}"
    return channel + rest[0]


def _word(key: str, now: Mapping[str, Leaf], tables: Collection[str]) -> str:
    """Return what a reader calls a key inside its table; a table in that is one word unless it stays."""
    steps = key.split(".")
    rest = steps[2:] if steps[0] == "channels" else steps
    if rest[0] == "platforms" and rest[2:] == ["enabled"]:
        return _ENABLED[now[key].value]
    own = rest[2:] if rest[0] == "platforms" else rest[1:] or rest
    return own[0] if len(own) > 1 and _table(key) not in tables else ".".join(own)


def _table(key: str) -> str:
    return key.rpartition(".")[0]


def _is_whole_channel(subject: str, words: Mapping[str, list[str]]) -> bool:
    return subject.startswith("channel ") and words[subject][0] in (ADDED, REMOVED)


def _is_part_of(subject: str, channels: Iterable[str]) -> bool:
    return any(subject.startswith(f"{channel.removeprefix('channel ')}.") for channel in channels)


def _is_table(subject: str, keys: Iterable[str]) -> bool:
    """Whether a channel's subject is a table and no platform."""
    channel, _, name = subject.partition(".")
    return any(key.startswith(f"channels.{channel}.{name}.") for key in keys)
