"""The secrets that hooks are checked against, read from the unit's credentials (systemd.exec(5))."""

import logging
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from restream_agent.base import channel_keys
from restream_agent.base.errors import RestreamError
from restream_agent.systemd.channels import MAIN

log = logging.getLogger(__name__)

_EMPTY = "the ingest key of the channel %s is missing or empty; no publisher can open it"


@dataclass(frozen=True)
class HookCredentials:
    """The token that every hook carries, and the publishers' keys.

    `key` is that of the channel `main`; None accepts any key. `others` has the keys of the other channels, ""
    for one whose key is missing: no key opens that channel.
    """

    token: str
    key: str | None
    others: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Show neither of them."""
        return "HookCredentials(…)"

    def is_token(self, token: str) -> bool:
        """Whether a hook's token is right, compared in constant time."""
        return secrets.compare_digest(token.encode(), self.token.encode())

    def is_key(self, key: str) -> bool:
        """Whether a text is the key of any channel."""
        return any(_is_same(key, right) for right in (self.key, *self.others.values()))

    def accepts(self, stream: str, keys: tuple[str, ...]) -> bool:
        """Whether one of these texts is the key of the stream's channel, or none is needed.

        The stream's name chooses the channel, and a name that is no channel's belongs to `main`. So the right
        key of another channel is a wrong key. Where none is needed, a name that is the key of a channel is
        refused: its publisher meant that channel, and a name goes into the log.
        """
        right = self.others.get(stream, self.key)
        if right is None:
            return not self.is_key(stream)
        return any(_is_same(key, right) for key in keys)

    def may_play(self, stream: str, keys: tuple[str, ...]) -> bool:
        """Whether one of these texts is the key with which the stream is played.

        Without channels every player may, as there is nothing to keep apart: only a server that was started
        while there were channels asks.
        """
        right = self.play_key(stream if stream in self.others else MAIN)
        return not right or any(_is_same(key, right) for key in keys)

    def play_key(self, channel: str) -> str:
        """Return the key with which a channel's stream is played, "" where there is one channel alone."""
        return channel_keys.play_key(self.token, channel) if self.others else ""

    @property
    def api_key(self) -> str:
        """The key of the ingest server's API, which asks for it where there are several channels."""
        return channel_keys.api_key(self.token)

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that a publisher can name where there are several, `main` first; none else."""
        return (MAIN, *self.others) if self.others else ()


def _is_same(key: str, right: str | None) -> bool:
    """Whether a text is the right key, compared in constant time; a missing key is never right."""
    return bool(right) and secrets.compare_digest(key.encode(), (right or "").encode())


def read_credentials(directory: Path, *, takes_any_key: bool, others: Iterable[str] = ()) -> HookCredentials:
    """Return the token and the keys from the unit's credentials directory; `others` are the other channels.

    The key of `main` is not read if `takes_any_key`. RestreamError if a file cannot be read or is empty.
    Where there are several channels, a key that is missing is logged: it must not keep the other channels
    from working. The unit gives an empty line for it (SetCredential=).
    """
    others = tuple(others)
    try:
        token = (directory / "hook-token").read_text().strip()
        key = None if takes_any_key else (directory / "ingest-key").read_text().strip()
    except OSError as error:
        raise RestreamError(
            f"{error.filename}: {error.strerror}",
            hint="the agent is started by restream-agent.service, which `restream-agent apply` installs",
        ) from error
    if not token or (key == "" and not others):
        raise RestreamError("the hook token or the ingest key is empty", hint="restream-agent apply")
    if key == "":
        log.error(_EMPTY, MAIN)
    return HookCredentials(token, key, {name: _channel_key(directory, name) for name in others})


def _channel_key(directory: Path, channel: str) -> str:
    try:
        key = (directory / f"ingest-key-{channel}").read_text().strip()
    except OSError as error:
        log.error("%s: %s; no publisher can open this channel", error.filename, error.strerror)
        return ""
    if not key:
        log.error(_EMPTY, channel)
    return key
