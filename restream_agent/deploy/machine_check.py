"""What `check` refuses of the machine: what certainly keeps a broadcast from working. `doctor` says more."""

from collections.abc import Callable, Iterable
from pathlib import Path

from restream_agent.base.errors import Problem
from restream_agent.config.load import Loaded
from restream_agent.deploy import ffmpeg_look, machine, polkit
from restream_agent.deploy.ffmpeg_needs import judge_ffmpeg, needs
from restream_agent.deploy.findings import machine_problems
from restream_agent.deploy.polkit_findings import judge_rule, judge_service
from restream_agent.deploy.port_findings import judge_ports
from restream_agent.deploy.port_look import look_at_ports, running_owners
from restream_agent.systemd import systemctl


def looks(loaded: Loaded, root: Path) -> tuple[Callable[[], Iterable[Problem]], ...]:
    """Return what is to be looked at for a configuration; each look returns the problems that it finds."""
    config = loaded.config
    assert config is not None

    def programs() -> Iterable[Problem]:
        machine.require_programs(config, machine.programs(config))
        return ()

    def abilities() -> Iterable[Problem]:
        ffmpeg = machine.programs(config).ffmpeg
        if not Path(ffmpeg).exists():
            return ()  # which `programs` has told
        return machine_problems(judge_ffmpeg(needs(config), ffmpeg_look.known(ffmpeg, root)))

    def rights() -> Iterable[Problem]:
        facts = polkit.look(systemctl.Systemd(), polkit.installed_channels(root))
        return machine_problems((*judge_service(facts), *judge_rule(facts)))

    def ports() -> Iterable[Problem]:
        if any(path[0] == "ingest" for path in loaded.gone):
            return ()
        owners = look_at_ports(config, running_owners(systemctl.Systemd()))
        return machine_problems(judge_ports(owners))

    return (programs, abilities, *((rights, ports) if systemctl.is_running() else ()))
