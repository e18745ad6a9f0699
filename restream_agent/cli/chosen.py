"""The channels that a command is for: those that the command line names, or `main`."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click

from restream_agent.base import files
from restream_agent.base.channel_paths import paths_of
from restream_agent.base.errors import RestreamError
from restream_agent.base.installed_channels import channel_names
from restream_agent.base.target import THIS_MACHINE
from restream_agent.systemd.channels import MAIN, Channel
from restream_agent.wire import records
from restream_agent.wire.settings import AgentSettings


def installed(root: Path = THIS_MACHINE.root) -> dict[str, Channel]:
    """Return the installed channels by name, `main` first."""
    others = channel_names(root)
    return {MAIN: Channel(others=frozenset(others)), **{name: Channel(name) for name in others}}


def channels(name: str | None, *, every: bool, root: Path = THIS_MACHINE.root) -> tuple[Channel, ...]:
    """Return the channels that a command is for; without a name, `main`.

    Raises RestreamError for a name that is no channel, and without a name where `main` has no platform and
    other channels exist: it is then hardly meant.
    """
    known = installed(root)
    refuse_both(name, every=every)
    if every:
        return tuple(known.values())
    if name is None:
        if len(known) > 1 and not has_platforms(known[MAIN], root):
            raise ambiguous(list(known)[1:], hint="name one, or give --all")
        return (known[MAIN],)
    if name not in known:
        raise unknown(name, known)
    return (known[name],)


def ambiguous(others: Iterable[str], *, hint: str) -> RestreamError:
    """Return the error where no channel is named, and `main` is hardly meant."""
    return RestreamError(
        f"which channel? main has no platform, the others are {', '.join(others)}", hint=hint
    )


def unknown(name: str, known: Iterable[str]) -> RestreamError:
    """Return the error for a name that is no channel; `known` has those that are."""
    return RestreamError(f"there is no channel {name}", hint=f"the channels are {', '.join(known)}")


def refuse_both(name: str | None, *, every: bool) -> None:
    """Raise UsageError for a command line that names a channel and has --all, too."""
    if name is not None and every:
        raise click.UsageError("give a CHANNEL or --all, not both")


def has_platforms(channel: Channel, root: Path = THIS_MACHINE.root) -> bool:
    """Whether a channel has a relay; also if its settings cannot be read, which its agent will report."""
    try:
        return bool(_settings(channel, root).relays)
    except (OSError, TypeError, ValueError):
        return True


def relays(channel: Channel, root: Path = THIS_MACHINE.root) -> tuple[str, ...]:
    """Return the names of a channel's relays; none if its settings cannot be read."""
    try:
        return tuple(_settings(channel, root).relays)
    except (OSError, TypeError, ValueError):
        return ()


def _settings(channel: Channel, root: Path) -> AgentSettings:
    file = files.locate(root, paths_of(channel.name).agent_settings)
    return records.parse(AgentSettings, file.read_text())


def for_each(chosen: tuple[Channel, ...], act: Callable[[Channel], str]) -> Iterator[str]:
    """Do something to each channel, and yield the messages; where there are several, with the channel's name.

    A channel for which it fails keeps no other from its turn; RestreamError at the end has what has failed.
    """
    failed = list[RestreamError]()
    for channel in chosen:
        try:
            message = act(channel)
        except RestreamError as error:
            if not channel.has_siblings:
                raise
            failed.append(error)
            failed[-1].message = f"{channel.name}: {error.message}"
        else:
            yield f"{channel.name}: {message}" if channel.has_siblings else message
    if len(failed) == 1:
        raise failed[0]
    if failed:
        raise RestreamError("\n".join(error.message for error in failed), hint=failed[0].hint)
