"""From the checked TOML to the settings of each process: the dataclasses of wire/. Pure."""

from collections.abc import Mapping
from fractions import Fraction

from restream_agent.config.fallback import FixedProfile
from restream_agent.config.model import Config
from restream_agent.config.relays import relays
from restream_agent.fallback.profile import Profile
from restream_agent.render import codecs
from restream_agent.render.channel_words import ChannelWords
from restream_agent.wire.program_settings import ProgramSettings
from restream_agent.wire.relay_environment import RelayEnvironment
from restream_agent.wire.settings import AgentSettings, FallbackSettings, NotifierSettings

_NEVER_HEARD = 8.0
"""Seconds. SRS gives a new player what it has at once (sound, the last group of pictures)."""

_AFTER_THE_SERVER = 5.0
"""Seconds by which the program waits longer than the ingest server, which ends a silent publisher first."""


def program_settings(config: Config, refused: Mapping[str, str]) -> ProgramSettings:
    """Return the content of program.json; `refused` has the codecs that cannot be carried (codecs.py)."""
    ingest, fallback, own = config.ingest, config.fallback, ChannelWords(config.channel).paths
    return ProgramSettings(
        fallback=(own.fallback_current, own.fallback_slate),
        operator=own.operator,
        telemetry=own.telemetry_socket,
        stall=milliseconds(ingest.stall),
        opening=milliseconds(fallback.opening),
        settle=milliseconds(ingest.settle),
        standby=fallback.standby,
        silence=milliseconds(ingest.timeout + _AFTER_THE_SERVER),
        carried=codecs.carried(refused),
    )


def agent_settings(
    config: Config, refused: Mapping[str, str], *, source: str, api: str, rtmp: str
) -> AgentSettings:
    """Return the content of agent.json; `refused` as for the program.

    `source` is the TOML's path, `api` the ingest server's base URL, `rtmp` its "HOST:PORT" for this machine.
    The agent of `main` alone tries that address.
    """
    return AgentSettings(
        api=api,
        rtmp=rtmp if config.channel.is_main else "",
        hold=config.fallback.hold,
        relays={relay.name: relay.sender for relay in relays(config)},
        stall=config.relay.stall,
        server=config.ingest.server,
        source=source,
        standby=config.fallback.standby,
        matches_live=config.fallback.match is None,
        takes_any_key=config.ingest.key is None,
        silence=_NEVER_HEARD if config.ingest.server == "srs" else None,
        notifies=config.notify.has_destination,
        listen=config.ingest.listen,
        credentials={relay.name: relay.key.credential or "" for relay in relays(config)},
        obstacles=refused,
        watch=config.agent.watch,
    )


def notifier_settings(config: Config) -> NotifierSettings:
    """Return the content of notify.json. It holds no secret: those are credentials of the unit."""
    notify = config.notify
    return NotifierSettings(command=notify.command, every=notify.every, timeout=notify.timeout)


def fallback_settings(config: Config) -> FallbackSettings:
    """Return the content of fallback.json."""
    fallback = config.fallback
    return FallbackSettings(
        videos=tuple(map(str, fallback.video)),
        message=fallback.message,
        keyframe=fallback.keyframe,
        profile=None if fallback.match is None else _profile(fallback.match).as_record(),
    )


def _profile(match: FixedProfile) -> Profile:
    return Profile(
        width=match.width,
        height=match.height,
        fps=Fraction(match.fps).limit_denominator(1001),
        h264_profile=match.profile,
        sample_rate=match.sample_rate,
        channels=match.channels,
    )


def relay_environment(config: Config) -> RelayEnvironment:
    """Return the content of relay.env."""
    return RelayEnvironment(stall=config.relay.stall, give_up=config.relay.give_up)


def milliseconds(seconds: float) -> int:
    """Return a span of the TOML in whole milliseconds."""
    return round(seconds * 1000)
