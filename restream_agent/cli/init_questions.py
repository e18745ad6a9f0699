"""The questions of `init`, each answer checked at once, and the keys, which are read hidden."""

import sys
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import click

from restream_agent.base.errors import RestreamError
from restream_agent.base.target import TargetMachine
from restream_agent.cli import init_server, platform_view, toml_session
from restream_agent.config.first_toml import HOLD, MESSAGE, FirstPlatform, FirstToml, parse_platform
from restream_agent.config.presets import presets
from restream_agent.deploy import credentials, secret_checks
from restream_agent.deploy.init import complaint

_SUGGESTED = "twitch, youtube, kick, facebook"
_ANY_ADDRESS = "? lists them; any other is written with its address, NAME=rtmps://HOST:443/APP"


@dataclass(frozen=True)
class Given:
    """What the options say; None, or no platform, for what they leave open."""

    server: str | None
    platforms: tuple[str, ...]
    video: str | None
    message: str | None
    hold: str | None


def without_questions(given: Given, target: TargetMachine) -> FirstToml:
    """Return what the options say, and the usual for the rest; RestreamError for an unknown platform."""
    return FirstToml(
        server=given.server or next(iter(init_server.found(target)), "nginx-rtmp"),
        platforms=_platforms(given.platforms),
        video=given.video,
        message=given.message or MESSAGE,
        hold=given.hold or HOLD,
    )


def ask(given: Given, target: TargetMachine) -> FirstToml:
    """Ask for what the options leave open; click.Abort for Ctrl-C, RestreamError for an unknown platform."""
    answers = without_questions(given, target)
    if not given.platforms:
        answers = _ask_platforms(answers)
    if given.video is None and given.message is None:
        question = "fallback video, as a path (Enter: a picture with a message)"
        video = _ask(question, "", lambda text: replace(answers, video=text or None))
        answers = replace(answers, video=video or None)
    if given.message is None and answers.video is None:
        message = _ask("message on the picture", MESSAGE, lambda text: replace(answers, message=text))
        answers = replace(answers, message=message)
    if given.hold is None:
        question = "how long the fallback keeps you on air while OBS is gone (0s, 30min, forever)"
        answers = replace(
            answers, hold=_ask(question, HOLD, lambda text: replace(answers, hold=text), _no_unit)
        )
    return answers


def _no_unit(span: str) -> str:
    """Return what is wrong with a number alone: in the TOML it means seconds, and a person means minutes."""
    return f"{span} of what? write {span}min, or {span}s" if span.isdecimal() and int(span) else ""


def _ask_platforms(answers: FirstToml) -> FirstToml:
    """Ask which platforms there are, and for the address of those that have one for each account."""
    question = f"platforms ({_SUGGESTED}, …; ? lists all; Enter for none yet)"
    while True:
        words = (
            str(click.prompt(question, default="", show_default=False, err=True)).replace(",", " ").split()
        )
        if words == ["?"]:
            _say(textwrap.fill(", ".join(presets()), 78, initial_indent="  ", subsequent_indent="  "))
            continue
        try:
            chosen = _platforms(words, allows_missing_url=True)
        except RestreamError as error:
            hint = _ANY_ADDRESS if "platform presets" in error.hint else error.hint
            _say(f"  {error.message}: {hint}")
            continue
        answers = replace(answers, platforms=())
        for platform in chosen:
            answers = replace(answers, platforms=(*answers.platforms, _with_url(platform, answers)))
        reason = complaint(answers)
        if not reason:
            return answers
        _say(f"  {reason}")


def _with_url(platform: FirstPlatform, answers: FirstToml) -> FirstPlatform:
    if not platform.needs_url:
        return platform
    question = (
        f"server URL for {platform.name}, from {presets()[platform.name].title}'s panel, without the key"
    )
    url = _ask(question, None, lambda text: replace(answers, platforms=(replace(platform, url=text),)))
    return replace(platform, url=url)


def _platforms(words: Iterable[str], *, allows_missing_url: bool = False) -> tuple[FirstPlatform, ...]:
    """Return the platforms that are written as NAME or NAME=URL; RestreamError for one that nobody knows."""
    chosen = tuple(map(parse_platform, dict.fromkeys(words)))
    for platform in chosen:
        if platform.url is None:
            preset = platform_view.chosen_presets(platform.name)[0]
            if preset.needs_url and not allows_missing_url:
                raise RestreamError(
                    f"every account of {preset.title} has its own URL",
                    hint=f"--platform {platform.name}=URL, with the URL from its panel, without the key",
                )
    return chosen


def _ask(
    question: str,
    default: str | None,
    change: Callable[[str], FirstToml],
    objection: Callable[[str], str] | None = None,
) -> str:
    """Ask until the answer makes a TOML without a problem, and there is no other objection to it."""
    while True:
        asked = click.prompt(question, default=default, show_default=bool(default), err=True)
        answer = str(asked).strip()
        reason = (objection(answer) if objection else "") or complaint(change(answer))
        if not reason:
            return answer
        _say(f"  {reason}")


def read_keys(answers: FirstToml, target: TargetMachine) -> dict[str, bytes]:
    """Return the new key of each platform: asked for, hidden, or the lines of standard input in their order.

    A key that is stored already is kept, on a terminal with Enter. Raises RestreamError if keys are missing
    or cannot be used.
    """
    names = [platform.name for platform in answers.platforms]
    stored = credentials.names(target.root)
    if sys.stdin.isatty():
        keys = {name: _ask_key(name, is_stored=name in stored) for name in names}
        return {name: key for name, key in keys.items() if key is not None}
    return _keys_of_lines([name for name in names if name not in stored])


def _ask_key(name: str, *, is_stored: bool) -> bytes | None:
    while True:
        key = toml_session.read_key(name, is_stored=is_stored)
        reason = secret_checks.complaint(key) if key is not None else ""
        if not reason:
            return key
        _say(f"  it {reason}")


def _keys_of_lines(names: list[str]) -> dict[str, bytes]:
    if not names:
        return {}
    data = sys.stdin.buffer.read(credentials.LONGEST_INPUT)
    lines = [line.strip() for line in data.splitlines() if line.strip()]
    if len(lines) != len(names):
        came = "1 key" if len(lines) == 1 else f"{len(lines)} keys"
        raise RestreamError(
            f"{came} came on standard input, {len(names)} needed; nothing was written",
            hint=f"one key in each line, in this order: {', '.join(names)}",
        )
    for name, key in zip(names, lines, strict=True):
        reason = secret_checks.complaint(key)
        if reason:
            raise RestreamError(f"the key for {name} {reason}", hint="nothing was written")
    return dict(zip(names, lines, strict=True))


def _say(text: str) -> None:
    click.echo(text, err=True)
