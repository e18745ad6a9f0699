"""`restream-agent init`: asks or takes options, shows the TOML, writes it with the keys, offers to apply."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from restream_agent.base import paths
from restream_agent.base.errors import RestreamError
from restream_agent.base.files import locate
from restream_agent.base.target import TargetMachine
from restream_agent.cli.options import SERVERS, explained, root_option
from restream_agent.cli.paint import Tone, columns, paint, show
from restream_agent.cli.problem_view import WARNING, show_problems
from restream_agent.cli.toml_session import Consent, apply_now

if TYPE_CHECKING:
    from restream_agent.cli.init_questions import Given
    from restream_agent.cli.init_server import Asked, ServerPart
    from restream_agent.config.first_toml import FirstToml
    from restream_agent.deploy.init import FirstFile


@click.command("init")
@click.option("--server", type=click.Choice(SERVERS), help="The ingest server, to which OBS sends.")
@click.option("--install", "installs", is_flag=True, help="Install the ingest server if it is not there.")
@click.option("--srs", help="Install SRS from an archive: a path or https URL.", metavar="PLACE")
@click.option("--srs-sha256", help="The SHA-256 of that archive.", metavar="HEX")
@click.option(
    "--platform",
    "platforms",
    multiple=True,
    help="A preset, or NAME=URL; can be given several times.",
    metavar="NAME",
)
@click.option("--video", help="The fallback video, as an absolute path.", metavar="FILE")
@click.option("--message", help="The text on the picture without a video.", metavar="TEXT")
@click.option("--hold", help="How long the fallback keeps you on air: 30min.", metavar="SPAN")
@click.option("--encrypt", is_flag=True, help="Encrypt the keys for this machine (systemd-creds).")
@click.option("--apply/--no-apply", "applied", default=None, help="Apply it at once, or only write it.")
@click.option("-y", "--yes", is_flag=True, help="Ask for keys alone; write and apply.")
@root_option
@explained
def init_command(
    *,
    server: str | None,
    installs: bool,
    srs: str | None,
    srs_sha256: str | None,
    platforms: tuple[str, ...],
    video: str | None,
    message: str | None,
    hold: str | None,
    encrypt: bool,
    applied: bool | None,
    yes: bool,
    root: Path,
) -> None:
    """Set this machine up, by a few questions.

    Writes restream.toml and the keys, and says what to type into OBS. On a terminal you are asked for what
    the options leave open. Without one, the keys of the platforms come from standard input, one in each line,
    in the order of the options. Nothing is installed unless --install or --srs says so. Where there is a
    restream.toml, it stays as it is.
    """
    from restream_agent.cli import init_server
    from restream_agent.cli.init_questions import Given
    from restream_agent.deploy import init

    target = TargetMachine(root)
    asked, consent = init_server.asked(server, srs, srs_sha256, installs=installs), Consent(applied, yes)
    init.require_place(target)
    place = init.existing(target)
    if place is not None:
        _show_existing(target, place, asked, consent)
        return
    given = Given(asked.server, platforms, video, message, hold)
    _set_up(target, given, asked, consent, encrypt=encrypt)


def _set_up(
    target: TargetMachine, given: "Given", asked: "Asked", consent: Consent, *, encrypt: bool
) -> None:
    from restream_agent.cli import init_questions, init_server
    from restream_agent.deploy import init

    try:
        answers = init_questions.without_questions(given, target)
        first = init.first_file(target, answers)  # a wrong option is told before any question
        if consent.asks:
            click.echo("Enter takes what is in [brackets]. Ctrl-C leaves everything as it is.", err=True)
            asked = init_server.ask(asked, target)
            answers = init_questions.ask(replace(given, server=asked.server), target)
            first = init.first_file(target, answers)
        part = init_server.part(answers.server, asked, target, asks=consent.asks)
        keys = init_questions.read_keys(answers, target)
        _require_separate(answers, keys)
        _show_file(first, part, target)
        part, applies = _agreed(first, part, target, consent)
    except click.Abort:
        click.echo(err=True)
        raise RestreamError("nothing was written") from None
    _install(part)
    stored = init.write_first(target, first, keys, encrypt=encrypt)
    click.echo(f"wrote {first.place}, and stored {_counted(stored)}")
    if applies:
        apply_now(None, target.root, f"{first.place} is written")
    _show_end(first, part, target, is_applied=applies)


def _install(part: "ServerPart") -> None:
    """Install the server before anything is written, so that a failure leaves no half of a set-up."""
    from restream_agent.cli import init_server

    try:
        init_server.carry_out(part)
    except RestreamError as error:
        hint = f"{error.hint}; " if error.hint else ""
        raise RestreamError(error.message, hint=f"{hint}no TOML and no key was written") from error


def _require_separate(answers: "FirstToml", keys: dict[str, bytes]) -> None:
    """Raise RestreamError for a URL that ends in its platform's key, which would be in the TOML then."""
    for platform in answers.platforms:
        key = keys.get(platform.name)
        if key is not None and platform.url is not None and platform.url.endswith(key.decode()):
            raise RestreamError(
                f"the URL of {platform.name} ends in its key, which does not belong into the TOML",
                hint="nothing was written; end the URL after the application",
            )


def _counted(stored: tuple[str, ...]) -> str:
    words = {0: "no new key", 1: "1 key"}.get(len(stored), f"{len(stored)} keys")
    return f"{words}: {', '.join(stored)}" if stored else words


def _show_file(first: "FirstFile", part: "ServerPart", target: TargetMachine) -> None:
    """Show the TOML that is to be written, without whatever might be a key, and its warnings."""
    from restream_agent.config.toml_diff import hidden

    show(f"\n{paint(f'{first.place} is to be', Tone.STRONG)}\n")
    for line in hidden(first.text).splitlines():
        show(f"  {paint(line, Tone.FAINT if line.startswith('#') else Tone.PLAIN)}".rstrip())
    click.echo()
    if first.policy:
        place = locate(target.root, paths.POLICY)
        show(f"{paint(f'{place} is to allow what that needs', Tone.STRONG)}\n")
        show("".join(f"  {line}\n" for line in first.policy.splitlines()))
    if first.config.platforms:  # without, the last lines say how to add one
        show_problems(first.loaded.warnings, WARNING)
    if not part.is_there:
        from restream_agent.deploy import machine

        click.echo(f"{part.server} is not installed: {machine.INSTALL[first.config.ingest.server]}", err=True)


def _agreed(
    first: "FirstFile", part: "ServerPart", target: TargetMachine, consent: Consent
) -> tuple["ServerPart", bool]:
    """Ask for each change, and return what to do for the server, and whether to apply, too.

    Nothing is written or installed before all is answered.
    """
    from restream_agent.cli import init_server

    if consent.asks and not click.confirm("write this?", default=True, err=True):
        raise RestreamError("nothing was written")
    part = init_server.agreed(part, target, asks=consent.asks)
    if consent.apply is not None:
        return part, consent.apply
    if consent.asks:
        is_offered = part.is_there and bool(first.config.platforms)
        return part, is_offered and click.confirm("apply it now?", default=True, err=True)
    return part, consent.yes and part.is_there


def _show_end(first: "FirstFile", part: "ServerPart", target: TargetMachine, *, is_applied: bool) -> None:
    """Say what comes next, and what to type into OBS."""
    from restream_agent.cli import obs

    shows_key = target.command(f"obs {obs.SHOW_KEY}")
    pages = obs.pages(first.config, target, host=None, shows_key=False, command=shows_key)
    steps = _missing_steps(first, part, target, is_applied=is_applied)
    steps.append([shows_key, "shows the stream key, to type into OBS"])
    if target.is_this_machine:
        steps.append([target.command("status --watch"), "shows what happens when you stream"])
    show("\n".join(["", paint("Next", Tone.STRONG), "", *columns(steps)]))
    show("\n".join(["", paint("What to set in OBS", Tone.STRONG), "", pages]))


def _missing_steps(
    first: "FirstFile", part: "ServerPart", target: TargetMachine, *, is_applied: bool
) -> list[list[str]]:
    """Return the steps to a machine that can broadcast."""
    from restream_agent.deploy import machine

    steps = []
    if not part.is_there:
        steps.append(["install the ingest server", machine.INSTALL[first.config.ingest.server]])
    if not first.config.platforms:
        steps.append([target.command("platform add twitch"), "adds a platform, and offers to apply"])
    elif not is_applied:
        steps.append([target.command("apply"), "makes the machine so"])
    return steps


def _show_existing(target: TargetMachine, place: Path, asked: "Asked", consent: Consent) -> None:
    """Say that nothing is changed, but for keys for OBS that the TOML names and that are missing.

    Where an option asks for it, the server that the TOML names is installed, too.
    """
    from restream_agent.deploy import init

    if asked.installs:
        _install_named(target, asked, consent)
    made = init.add_missing_keys(target)
    if made:
        click.echo(f"{place} is kept; OBS's key was missing, and is made: {', '.join(made)}")
    else:
        click.echo(f"{place} is there already: nothing was changed")
    is_applied = locate(target.root, paths.MANIFEST).exists()
    steps = [
        *([] if is_applied else [[target.command("apply"), "has it used: nothing is applied yet"]]),
        [target.command("obs"), "what to type into OBS"],
        [target.command("platform add NAME"), "another platform"],
        [target.command("check"), "what is wrong, if anything is"],
    ]
    click.echo("\n".join(columns(steps)))


def _install_named(target: TargetMachine, asked: "Asked", consent: Consent) -> None:
    """Install the ingest server that the TOML names; ConfigError for a TOML that cannot be read."""
    from restream_agent.cli import init_server
    from restream_agent.config import file

    config, _ = file.read(file.config_path(target.root, None))
    server = config.ingest.server
    if not config.ingest.manage or config.ingest.binary is not None:
        return  # the TOML says where the server is, or that it is nobody's business here
    if asked.source is not None and server != "srs":
        raise RestreamError(f"--srs installs SRS, and the TOML names {server}")
    part = init_server.part(server, asked, target, asks=consent.asks)
    init_server.carry_out(init_server.agreed(part, target, asks=consent.asks))
