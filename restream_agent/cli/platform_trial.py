"""`restream-agent platform test`: asks, has the slate sent, and says what came back."""

import sys
from typing import TYPE_CHECKING

import click

from restream_agent.base.errors import RestreamError
from restream_agent.base.target import THIS_MACHINE
from restream_agent.deploy import commands, platform_trial
from restream_agent.systemd.channels import MAIN

if TYPE_CHECKING:
    from restream_agent.deploy.trial_verdict import TrialVerdict


def run(name: str, channel: str | None, *, yes: bool) -> None:
    """Test a platform; RestreamError if it may not be tested, and if it does not take the slate."""
    platform_trial.require_rights()
    subject = commands.load(THIS_MACHINE, None)
    trial = platform_trial.plan(subject, channel or MAIN, name)
    platform_trial.require_off_air(trial)
    if not yes:
        require_agreement(trial)
    click.echo(f"sending the slate to {trial.relay.full_name} …", err=True)
    text = report(trial.relay.full_name, platform_trial.send(subject, trial))
    click.echo(text)
    if trial.parameter:
        click.echo("it was a test for the platform, too: the channel was not live")
    else:
        click.echo("whether it was shown, only the platform's own dashboard tells")


def report(name: str, verdict: "TrialVerdict") -> str:
    """Return what came back as one line; RestreamError, with ffmpeg's lines, if the slate was not taken."""
    if verdict.is_taken:
        return f"{name} {verdict.words}"
    raise RestreamError("\n".join((f"{name}: {verdict.words}", *verdict.lines)), hint=verdict.hint)


def require_agreement(trial: platform_trial.PlatformTrial) -> None:
    """Ask a person; RestreamError for no, and where nobody can be asked."""
    if not sys.stdin.isatty():
        raise RestreamError(f"a person has to agree: {trial.question}", hint="give --yes")
    if not click.confirm(trial.question, default=False, err=True):
        raise RestreamError("nothing was sent")
