"""Converts a fallback video in restream-fallback-convert@.service, and waits for it.

`apply` and `fallback prepare` run as root. The videos come from the TOML's author, and the directory of
prepared videos belongs to another user, so root neither converts nor writes there.
"""

from contextlib import suppress
from pathlib import Path

from restream_agent.base.errors import CommandError, RestreamError
from restream_agent.fallback.conversion import ProgressCallback
from restream_agent.systemd import unit_names
from restream_agent.systemd.channels import MAIN_CHANNEL, Channel
from restream_agent.systemd.systemctl import Systemd
from restream_agent.wire.conversion_status import ConversionStatus


def convert(
    systemd: Systemd, file: Path | None, progress: ProgressCallback | None, channel: Channel = MAIN_CHANNEL
) -> None:
    """Have a file converted, or for None what the channel's fallback.json says, unless it was done before.

    Raises RestreamError with the reason that the unit gave.
    """
    try:
        unit = unit_names.convert_unit(file, "" if channel.is_main else channel.name)
    except ValueError as error:
        raise RestreamError(str(error), hint="copy the file to a shorter path") from error

    told = 1.0

    def on_status(text: str) -> None:
        nonlocal told
        status = ConversionStatus.read(text)
        if progress is not None and status is not None and not status.reason:
            told = status.fraction
            progress(status.fraction, status.left)

    try:
        systemd.run_unit(unit, reason="the fallback video may be missing", on_status=on_status)
        if progress is not None and told < 1:  # the unit may end between two looks at its status
            progress(1.0, 0.0)
    except CommandError as error:
        status = ConversionStatus.read(systemd.show(unit, "StatusText"))
        with suppress(RestreamError):
            systemd.change("reset-failed", (unit,), reason="its failure is reported here")
        if status is not None and status.reason:
            raise RestreamError(status.reason, hint=status.hint) from error
        lines = "\n".join(f"  {line}" for line in systemd.last_words(unit))
        hint = f"journalctl -u {unit}"
        raise RestreamError(f"{unit} failed; its journal ends with:\n{lines}", hint=hint) from error
