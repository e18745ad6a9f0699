"""`restream-agent platform test`: sends the slate to one platform for ten seconds, beside any broadcast.

Root runs no ffmpeg. systemd does, as a user that exists for the moment, in the sandbox of a relay, and gives
it the key alone.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from restream_agent.base import paths
from restream_agent.base.channel_paths import paths_of
from restream_agent.base.errors import CommandError, RestreamError
from restream_agent.base.file_tree import File
from restream_agent.base.process import run
from restream_agent.config.channels import channel_configs
from restream_agent.config.platform_edit import missing
from restream_agent.config.presets import Preset
from restream_agent.config.relays import Relay, relays
from restream_agent.config.secret_uses import key_file
from restream_agent.deploy import commands
from restream_agent.deploy.server_test import sandbox_of
from restream_agent.deploy.trial_verdict import SECONDS, TrialVerdict, judge
from restream_agent.launchers import key_preset, trial
from restream_agent.render.ffmpeg import trial_command
from restream_agent.systemd import systemctl, unit_names
from restream_agent.systemd.channel_systemd import ChannelSystemd
from restream_agent.systemd.transient import run_confined

_NAME = "restream-platform-test"
TRIAL_UNIT = f"{_NAME}.service"
_DIRECTORY = f"/run/{_NAME}"

_PATIENCE = 25.0
"""Seconds beside those of the slate: for a name, a handshake, and a platform that says nothing."""

_LARGEST_SLATE = 64 * 1024 * 1024
"""Bytes. A slate of a minute has some 350 kB."""

_NOT_FOR_A_TRIAL = (
    "NotifyAccess", "Environment", "SuccessExitStatus", "SupplementaryGroups", "DynamicUser", "OOMPolicy",
    "RuntimeDirectoryPreserve",
)  # fmt: skip
"""Directives of a relay that are for its broadcast; the others are its sandbox."""


@dataclass(frozen=True)
class PlatformTrial:
    """What is sent where: a relay, and what its platform has for tests."""

    relay: Relay
    preset: Preset | None

    @property
    def parameter(self) -> str:
        """What follows the key so that nobody sees the test, "" if the platform knows no such thing."""
        return "" if self.preset is None else self.preset.test_parameter

    @property
    def question(self) -> str:
        """Return what a person should know before anything is sent."""
        words = "The channel may go live there, and tell its followers"
        if self.parameter and self.preset is not None:
            words = f"{self.preset.title} takes it as a test that nobody sees"
        return f"send the slate for {SECONDS:.0f} s? {words}"


def require_rights() -> None:
    """Raise RestreamError without systemd, which sends the slate, or without root."""
    systemctl.require_running()
    if os.geteuid() != 0:
        raise RestreamError("platform test reads a key and has to be root", hint="use sudo")


def plan(subject: commands.Subject, channel: str, name: str) -> PlatformTrial:
    """Return the trial of a platform, also of a disabled one.

    Raises RestreamError if there is no such platform, and if it is on air: it would end that connection.
    """
    configs = {each.name: (each, one) for each, one in channel_configs(subject.config).items()}
    if channel not in configs:
        raise RestreamError(f"there is no channel {channel}", hint=f"the channels are {', '.join(configs)}")
    own, config = configs[channel]
    if name not in config.platforms:
        raise missing(name, tuple(config.platforms))
    platform = config.platforms[name].model_copy(update={"enabled": True})
    (relay, *_) = relays(config.of_channel(own, platforms={name: platform}))
    return PlatformTrial(relay, platform.known_preset)


def require_off_air(each: PlatformTrial, runner: systemctl.Runner = run) -> None:
    """Raise RestreamError if the platform gets the program now: most end the connection that is older."""
    unit = unit_names.relay_unit(each.relay.name)
    state = ChannelSystemd(each.relay.channel, runner).units(unit).get(unit)
    if state is not None and state.is_up:
        stop = f"systemctl stop {each.relay.channel.unit(unit)}"
        raise RestreamError(
            f"{each.relay.full_name} is on air: a second connection would end that of the broadcast",
            hint=f"restream-agent status shows what it takes; to test it all the same: {stop}",
        )


def send(subject: commands.Subject, each: PlatformTrial) -> TrialVerdict:
    """Send the slate, and return what came back; RestreamError if there is no slate or no key."""
    facts, relay = subject.facts, each.relay
    argv = (facts.python, "-I", "-m", "restream_agent.launchers.trial", each.parameter)
    command = trial_command(
        facts.ffmpeg,
        relay,
        slate=f"{_DIRECTORY}/{trial.SLATE}",
        key_preset=f"{_DIRECTORY}/{key_preset.NAME}",
        seconds=SECONDS,
    )
    key_command = f"restream-agent secret set {relay.key.credential}"
    if relay.key.credential is None:
        key_command = f"restream-agent platform set {relay.platform} --key"
    data = slate(Path(paths_of(relay.channel.name).fallback_slate))
    sandbox = properties(subject, relay)
    try:
        done = run_confined(
            (*argv, *command),
            timeout=SECONDS + _PATIENCE,
            properties=sandbox,
            input=data,
            unit=TRIAL_UNIT,
        )
    except CommandError as error:
        require_begun(error)
        return judge(error.output, ended_well=False, key_command=key_command)
    return judge(done.stderr, ended_well=True, key_command=key_command)


def require_begun(error: CommandError) -> None:
    """Raise RestreamError if the trial has failed before it could ask the platform anything."""
    if trial.BEGUN not in error.output:
        words = f"{error.reason}\n{error.output}".strip()
        raise RestreamError(
            f"the slate could not be sent: {words}", hint="if another test is running, wait for its end"
        ) from error


def properties(subject: commands.Subject, relay: Relay) -> tuple[str, ...]:
    """Return the sandbox of a relay, with the platform's key; RestreamError if the key is not there."""
    unit = commands.render(subject)[f"{paths.UNITS}/{unit_names.RELAY_TEMPLATE}"]
    assert isinstance(unit, File)
    place = key_file(relay.key, relay.full_name, subject.facts.encrypted)
    if not Path(place).exists():
        hint = (
            f"restream-agent secret set {relay.key.credential}" if relay.key.credential else "run apply first"
        )
        raise RestreamError(f"{place}: there is no key", hint=hint)
    kind = "LoadCredentialEncrypted" if relay.key.credential in subject.facts.encrypted else "LoadCredential"
    sandbox = (line for line in sandbox_of(unit.content, _NAME) if not line.startswith(_NOT_FOR_A_TRIAL))
    return (*sandbox, f"{kind}=key:{place}", "MemoryMax=2G")


def slate(place: Path) -> bytes:
    """Return the prepared slate; its directory is another user's, whose links lead to no file of root's."""
    hint = "restream-agent apply prepares it"
    try:
        owner = place.parent.stat().st_uid
        with place.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_uid != owner or status.st_size > _LARGEST_SLATE:
                raise RestreamError(f"{place} is no prepared slate", hint=hint)
            return file.read()
    except OSError as error:
        raise RestreamError(f"{place}: {error.strerror}", hint=hint) from error
