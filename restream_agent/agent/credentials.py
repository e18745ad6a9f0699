"""The secrets that hooks are checked against, read from the unit's credentials (systemd.exec(5))."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from restream_agent.base.errors import RestreamError


@dataclass(frozen=True)
class HookCredentials:
    """The token that every hook carries, and the publisher's key; a key of None accepts any key."""

    token: str
    key: str | None

    def __repr__(self) -> str:
        """Show neither of them."""
        return "HookCredentials(…)"

    def is_token(self, token: str) -> bool:
        """Whether a hook's token is right, compared in constant time."""
        return secrets.compare_digest(token.encode(), self.token.encode())

    def is_key(self, key: str) -> bool:
        """Whether a text is the publisher's key, compared in constant time."""
        return self.key is not None and secrets.compare_digest(key.encode(), self.key.encode())

    def accepts(self, keys: tuple[str, ...]) -> bool:
        """Whether one of these texts is the publisher's key, or none is needed."""
        return self.key is None or any(self.is_key(key) for key in keys)


def read_credentials(directory: Path, *, takes_any_key: bool) -> HookCredentials:
    """Return the token and the key from the unit's credentials directory.

    The key is not read if `takes_any_key`. RestreamError if a file cannot be read or is empty.
    """
    try:
        token = (directory / "hook-token").read_text().strip()
        key = None if takes_any_key else (directory / "ingest-key").read_text().strip()
    except OSError as error:
        raise RestreamError(
            f"{error.filename}: {error.strerror}",
            hint="the agent is started by restream-agent.service, which `restream-agent apply` installs",
        ) from error
    if not token or key == "":
        raise RestreamError("the hook token or the ingest key is empty", hint="restream-agent apply")
    return HookCredentials(token=token, key=key)
