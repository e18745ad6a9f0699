"""What the TOML says that the policy does not open, and the line of policy.toml that opens it. Pure."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from restream_agent.base import paths, secret_text
from restream_agent.base.errors import Problem
from restream_agent.config.keys import dotted, toml_value
from restream_agent.config.model import Config
from restream_agent.config.policy import USUAL_BINARIES, VIDEO_DIRECTORY, Policy
from restream_agent.config.secret_uses import named_secrets

CLOSED = "and this machine's policy does not allow it"
"""Ends the message about a refusal."""

OPEN_THERE = "and the machine that is to use this must allow it"
"""The same where the TOML is checked for another machine, whose policy is not known."""


@dataclass(frozen=True)
class ClosedValue:
    """A value of the TOML that the policy does not open.

    `option` is its dotted key, with an index for an entry of a list. `policy_key` and `wanted` say which key
    of the policy has to have which value.
    """

    option: str
    reason: str
    policy_key: str
    wanted: object


def refusals(config: Config, policy: Policy, videos: Mapping[str, Path]) -> tuple[ClosedValue, ...]:
    """Return what the TOML says and the policy does not open; `videos` are all that it names, by key."""
    return (
        *_video_refusals(policy, videos),
        *_file_refusals(config, policy),
        *_command_refusals(config, policy),
        *_binary_refusals(config, policy),
        *_host_refusals(config, policy),
    )


def policy_line(policy: Policy, found: tuple[ClosedValue, ...], key: str) -> str:
    """Return the line of policy.toml that opens everything of a key that was refused, as well as before."""
    before: tuple[object, ...] = getattr(policy, key) or ()
    wanted = [refusal.wanted for refusal in found if refusal.policy_key == key]
    values = [*before, *wanted]
    unique = [value for number, value in enumerate(values) if value not in values[:number]]
    return f"{key} = {toml_value(unique)}"


def policy_problems(
    policy: Policy,
    found: tuple[ClosedValue, ...],
    source: str,
    *,
    place: str = paths.POLICY,
    verdict: str = CLOSED,
) -> tuple[Problem, ...]:
    """Return a problem for each refusal, with the line that opens it.

    `source` is the TOML's name, `place` the policy's. `verdict` ends the message.
    """
    return tuple(
        Problem(
            source,
            0,
            refusal.option,
            f"{refusal.reason}, {verdict}",
            f"root may allow it in {place}: {policy_line(policy, found, refusal.policy_key)}",
        )
        for refusal in found
    )


def _is_open(path: str, places: tuple[str, ...]) -> bool:
    path = posixpath.normpath(path)
    return any(path == place or (place.endswith("/") and path.startswith(place)) for place in places)


def _video_refusals(policy: Policy, videos: Mapping[str, Path]) -> Iterator[ClosedValue]:
    for key, path in videos.items():
        if not _is_open(str(path), (VIDEO_DIRECTORY, *policy.videos)):
            reason = f"is outside {VIDEO_DIRECTORY.rstrip('/')}"
            yield ClosedValue(key, reason, "videos", posixpath.normpath(str(path)))


def _file_refusals(config: Config, policy: Policy) -> Iterator[ClosedValue]:
    for use in named_secrets(config):
        file = use.reference.file
        if file is not None and not _is_open(str(file), policy.key_files):
            reason = "names a file of the machine"
            yield ClosedValue(use.option, reason, "key_files", posixpath.normpath(str(file)))


def _command_refusals(config: Config, policy: Policy) -> Iterator[ClosedValue]:
    command = config.notify.command
    if command and command not in policy.commands:
        reason = "runs a program"
        # Everybody on this machine may read the arguments (notify.json), and the journal goes further.
        shown = [secret_text.MASK if secret_text.is_like_key(word) else word for word in command]
        yield ClosedValue("notify.command", reason, "commands", shown)


def _binary_refusals(config: Config, policy: Policy) -> Iterator[ClosedValue]:
    binary = config.ingest.binary
    if binary is not None and not _is_open(str(binary), (*USUAL_BINARIES, *policy.binaries)):
        reason = "is no usual place of an ingest server"
        yield ClosedValue("ingest.binary", reason, "binaries", posixpath.normpath(str(binary)))


def _host_refusals(config: Config, policy: Policy) -> Iterator[ClosedValue]:
    for key, url in _written_urls(config):
        host = (urlsplit(url).hostname or "").rstrip(".")
        if policy.hosts is not None and host not in policy.hosts:
            yield ClosedValue(key, "names another host than a preset's", "hosts", host)


def _written_urls(config: Config) -> Iterator[tuple[str, str]]:
    """Yield key and URL wherever the TOML itself has one."""
    tables = {"platforms": config.platforms}
    for channel, table in config.channels.items():
        tables[f"channels.{channel}.platforms"] = table.platforms
    for at, platforms in tables.items():
        for name, platform in platforms.items():
            if platform.url is not None:
                yield f"{at}.{dotted((name,))}.url", platform.url
    webhook = config.notify.webhook
    if webhook is not None and webhook.plain is not None:
        yield "notify.webhook", webhook.plain.get_secret_value()
