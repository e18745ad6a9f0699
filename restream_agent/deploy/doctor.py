"""What `doctor` looks at: the machine around the TOML. Nothing is changed.

The modules *_look see, the modules *_findings judge. Each look is tried by itself, so that one that fails
hides no other.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import restream_agent
from restream_agent.base import files, paths
from restream_agent.base.errors import CommandError, ConfigError, RestreamError
from restream_agent.base.target import THIS_MACHINE, TargetMachine
from restream_agent.config import file
from restream_agent.config.channels import channel_configs
from restream_agent.config.load import Loaded
from restream_agent.config.model import Config
from restream_agent.deploy import ffmpeg_look, ffmpeg_marks, machine, machine_look, polkit
from restream_agent.deploy.ffmpeg_needs import judge_ffmpeg, judge_marks, needs
from restream_agent.deploy.file_findings import judge_files
from restream_agent.deploy.file_look import look_at_files
from restream_agent.deploy.findings import Finding, fault, ok, warning
from restream_agent.deploy.machine_findings import (
    judge_clock,
    judge_disks,
    judge_fonts,
    judge_systemd,
    judge_units,
)
from restream_agent.deploy.polkit_findings import judge_polkit, judge_service
from restream_agent.deploy.port_findings import judge_ports
from restream_agent.deploy.port_look import look_at_ports, running_owners
from restream_agent.deploy.reach_findings import hosts, judge_reach
from restream_agent.deploy.reach_look import try_hosts
from restream_agent.deploy.unit_files import OwnProgram, file_needs
from restream_agent.render import assets
from restream_agent.render.ffmpeg import AUTHORITIES
from restream_agent.render.tree import render
from restream_agent.systemd import systemctl, unit_names

Look = Callable[[], Iterable[Finding]]


@dataclass(frozen=True)
class Patient:
    """What is looked at: a machine, and the configuration that it is to have, None if there is none."""

    target: TargetMachine = THIS_MACHINE
    config: Config | None = None
    systemd: systemctl.Systemd = field(default_factory=systemctl.Systemd)

    @property
    def owned(self) -> frozenset[str]:
        """The paths that apply has written; none before the first apply."""
        paths_of_manifest = files.read_manifest(self.target.root).get("owned")
        return frozenset(map(str, paths_of_manifest)) if isinstance(paths_of_manifest, list) else frozenset()


def examine(given: Path | None, *, has_network: bool) -> tuple[Finding, ...]:
    """Look at this machine for the TOML file, `given` or at its usual place, and return what was found.

    Platforms are only tried with `has_network`. Raises RestreamError without root, who alone sees all.
    """
    if os.geteuid() != 0:
        raise RestreamError(
            "doctor looks at files of other users and has to be root", hint="sudo restream-agent doctor"
        )
    loaded, found = _configuration(THIS_MACHINE, given)
    patient = Patient(config=None if loaded is None else loaded.config)
    for subject, look in looks(patient, has_network=has_network):
        found += _tried(subject, look)
    return tuple(found)


def _configuration(target: TargetMachine, given: Path | None) -> tuple[Loaded | None, list[Finding]]:
    """Return what the TOML says, with what is to be said of it: `check` says the rest."""
    path = file.config_path(target.root, given)
    if given is None and not path.exists():
        return None, [warning("toml", f"{path} does not exist yet", "restream-agent init")]
    option = "" if given is None else f" --config {given}"
    try:
        loaded = file.examine(path)
    except ConfigError as error:
        return None, [fault("toml", str(error), f"restream-agent check{option}")]
    if loaded.problems:
        count = f"{len(loaded.problems)} error{'s' * (len(loaded.problems) > 1)}"
        return loaded, [fault("toml", f"{path} has {count}", f"restream-agent check{option}")]
    return loaded, [ok("toml", f"{path} has no errors of its own; check says more")]


def looks(patient: Patient, *, has_network: bool) -> Iterator[tuple[str, Look]]:
    """Yield each subject and its look, in the order in which findings are shown."""
    is_booted, config = systemctl.is_running(), patient.config
    yield "systemd", lambda: judge_systemd(machine_look.look_at_systemd())
    if is_booted:
        yield "polkit", lambda: _polkit(patient)
        yield "units", lambda: _units(patient)
    if config is not None:
        yield "ports", lambda: _ports(patient, config)
        yield "programs", lambda: _programs(config)
        yield "ffmpeg", lambda: _ffmpeg(config)
        yield config.ingest.server, lambda: _server(config)
        yield "files", lambda: _files(patient, config)
        yield "fonts", lambda: _fonts(config)
    yield "disk", lambda: judge_disks(machine_look.look_at_disks())
    yield "clock", lambda: judge_clock(machine_look.look_at_clock())
    if config is not None and has_network:
        yield "platforms", lambda: judge_reach(try_hosts(hosts(config), AUTHORITIES), datetime.now(UTC))


def _tried(subject: str, look: Look) -> Iterable[Finding]:
    try:
        return tuple(look())
    except RestreamError as error:
        return (fault(subject, error.message, error.hint),)


def _polkit(patient: Patient) -> Iterable[Finding]:
    facts = polkit.look(patient.systemd, polkit.installed_channels(patient.target.root))
    if not patient.owned:  # the first apply brings the rule
        return tuple(judge_service(facts)) or (ok("polkit", "installed"),)
    return judge_polkit(facts)


def _units(patient: Patient) -> Iterable[Finding]:
    if not patient.owned:
        has_toml = patient.config is not None or file.config_path(patient.target.root, None).exists()
        remedy = "restream-agent apply" if has_toml else "restream-agent init"
        return (warning("units", "nothing is applied yet", remedy),)
    is_served = f"{paths.UNITS}/{unit_names.INGEST_UNIT}" in patient.owned
    always = (unit_names.AGENT_UNIT, *((unit_names.INGEST_UNIT,) if is_served else ()))
    return judge_units(patient.systemd.units(*unit_names.BEGINNINGS), always)


def _ports(patient: Patient, config: Config) -> Iterable[Finding]:
    running = running_owners(patient.systemd) if systemctl.is_running() else tuple[str, ...]
    return judge_ports(look_at_ports(config, running))


def _programs(config: Config) -> Iterable[Finding]:
    """Return nothing if all is there: the following looks say what each program can do."""
    machine.require_programs(config, machine.programs(config))
    return ()


def _ffmpeg(config: Config) -> Iterable[Finding]:
    ffmpeg = machine.programs(config).ffmpeg
    if Path(ffmpeg).exists():
        yield from judge_ffmpeg(needs(config), ffmpeg_look.ask(ffmpeg))
        yield from judge_marks(has_marks=ffmpeg_marks.can_print(ffmpeg))


def _server(config: Config) -> Iterable[Finding]:
    server, binary = config.ingest.server, machine.programs(config).server_binary
    if not config.ingest.manage:
        yield ok(server, "your own: ingest.manage is false")
    elif Path(binary).exists() and systemctl.is_running():
        try:
            version = machine_look.server_version(binary)
        except CommandError as error:
            reason = (error.output or error.reason).strip().splitlines()[-1]
            yield fault(server, f"{binary} does not run: {reason}", f"{binary} -v")
        else:
            yield ok(server, f"{version}, {binary}" if version else binary)


def _files(patient: Patient, config: Config) -> Iterable[Finding]:
    facts, owned = machine.collect_facts(config, patient.target, source=paths.CONFIG), patient.owned
    tree = render(config, facts, assets.load())
    program = OwnProgram(facts.python, str(Path(restream_agent.__file__)))
    wanted = [
        need for need in file_needs(tree, config, program) if need.path in owned or need.path not in tree
    ]
    blocked = look_at_files(wanted, patient.target.root)
    return judge_files(blocked, len({need.path for need in wanted}), ours=tree)


def _fonts(config: Config) -> Iterable[Finding]:
    messages = dict.fromkeys(each.fallback.message for each in channel_configs(config).values())
    for message in messages:
        yield from judge_fonts(machine_look.look_at_font(message))
