"""What `check` looks at: the TOML, the secrets and videos that it names, the programs of the machine.

Everything is looked at in one go: what is wrong in the TOML is left out, and the rest is checked.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from restream_agent.base import paths
from restream_agent.base.channel_paths import paths_of
from restream_agent.base.errors import EXIT_CONFIG, EXIT_FAILED, ConfigError, Problem, RestreamError
from restream_agent.base.files import locate
from restream_agent.base.target import TargetMachine
from restream_agent.config import file, outputs
from restream_agent.config.channels import channel_configs
from restream_agent.config.keys import dotted
from restream_agent.config.load import Loaded
from restream_agent.config.model import Config
from restream_agent.deploy import checks, policy_checks, secret_checks


@dataclass(frozen=True)
class CheckScope:
    """Where the TOML is to be used, and what may be there.

    With `is_elsewhere` nothing of this machine is looked at: neither its keys and videos nor its programs.
    `policy` is a file that stands for the policy of the machine in question, None for the one in its place.
    `instead` is a file that is to take the place of the machine's TOML, None for the TOML itself.
    """

    is_elsewhere: bool = False
    policy: Path | None = None
    instead: Path | None = None


HERE = CheckScope()
"""The machine that runs us, or the files below a --root."""


@dataclass(frozen=True)
class CheckReport:
    """What `check` has found: errors and warnings, each in the order of the file's lines.

    An error of the machine, such as a program that is missing, has no source; it comes last. `summary`
    says in one line what the file asks for, "" if that is not known.
    """

    source: str
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()
    summary: str = ""

    def exit_code(self, *, is_strict: bool = False) -> int:
        """Return 0 if the file can be applied, 78 if it is wrong, 1 if only the machine is not ready.

        With `is_strict` a warning counts as an error of the file.
        """
        if any(error.source for error in self.errors) or (is_strict and self.warnings):
            return EXIT_CONFIG
        return EXIT_FAILED if self.errors else 0


def check(target: TargetMachine, given: Path | None, scope: CheckScope = HERE) -> CheckReport:
    """Check the TOML file, `given` or at its usual place, and what it refers to. Changes nothing."""
    path = file.config_path(target.root, given)
    try:
        loaded = file.examine(path, instead=scope.instead)
    except ConfigError as error:
        return CheckReport(str(scope.instead or path), error.problems)
    return report(loaded, target, scope)


def report(loaded: Loaded, target: TargetMachine, scope: CheckScope = HERE) -> CheckReport:
    """Check what a TOML refers to, whose text may not be in its file yet. Changes nothing."""
    source = loaded.document.source
    if loaded.config is None:
        return CheckReport(source, loaded.problems, loaded.warnings)
    found = _Findings(loaded, target, scope)
    if scope.is_elsewhere:
        found.look_at_policy()
    else:
        found.look()
    return CheckReport(source, found.errors(), found.warnings(), summary(loaded.config))


def is_machine_asked(target: TargetMachine, scope: CheckScope = HERE) -> bool:
    """Whether the machine that runs us is looked at, too: where a TOML is installed, it is to carry it.

    Elsewhere a file that is checked is for another machine, for example in CI.
    """
    is_for_here = scope.instead is not None or locate(target.root, paths.CONFIG).exists()
    return target.is_this_machine and is_for_here


def usable_problems(loaded: Loaded, target: TargetMachine) -> tuple[Problem, ...]:
    """Return what the policy refuses of a TOML without problems of its own, and what is wrong with the rest.

    Raises RestreamError if this user may not look.
    """
    assert loaded.config is not None
    refused = policy_checks.problems(loaded.config, target.root, loaded.document.source)
    found = [problem for look in _looks(loaded, target) for problem in look()]
    return loaded.document.located((*refused, *policy_checks.without_refused(found, refused)))


def summary(config: Config) -> str:
    """Return in a few words what a configuration asks for: its channels, platforms and server."""
    configs = channel_configs(config)
    enabled = sum(platform.enabled for each in configs.values() for platform in each.platforms.values())
    platforms = "1 platform" if enabled == 1 else f"{enabled} platforms"
    channels = f"{len(configs)} channels, " if len(configs) > 1 else ""
    return f"{channels}{platforms}, {config.ingest.server}"


class _Findings:
    """Collects problems while one part after the other is looked at; a part that cannot be is one itself."""

    def __init__(self, loaded: Loaded, target: TargetMachine, scope: CheckScope) -> None:
        assert loaded.config is not None
        self.loaded = loaded
        self.config = loaded.config
        self.target = target
        self.scope = scope
        self._problems = list(loaded.problems)
        self._remarks = list(loaded.warnings)

    def look_at_policy(self) -> tuple[Problem, ...]:
        """Look whether the policy opens what the file says, and return what it does not.

        Elsewhere, without a policy, what the machine in question has to open is a warning.
        """
        source, policy = self.loaded.document.source, self.scope.policy
        if self.scope.is_elsewhere and policy is None:
            self._remarks += policy_checks.to_open(self.config, source)
            return ()
        refused = tuple(
            self._tried(lambda: policy_checks.problems(self.config, self.target.root, source, policy))
        )
        self._problems += refused
        return refused

    def look(self) -> None:
        """Look at everything once."""
        refused = self.look_at_policy()
        for look in _looks(self.loaded, self.target):
            self._problems += policy_checks.without_refused(self._tried(look), refused)
        if is_machine_asked(self.target, self.scope):
            from restream_agent.deploy import machine_check  # a file for another machine does not pay for it

            for look in machine_check.looks(self.loaded, self.target.root):
                self._problems += self._tried(look)
        with suppress(RestreamError):  # an error has said that the secrets cannot be read
            self._remarks += secret_checks.remarks(self.config, self.target.root, self.loaded.document.source)
        self._remarks += self._live()
        if self.target.is_this_machine:
            self._remarks += self._tried(self._fonts)

    def errors(self) -> tuple[Problem, ...]:
        """Return the errors: those of the file, then those of the machine."""
        located = dict.fromkeys(self.loaded.document.located(self._problems))
        return tuple(sorted(located, key=lambda problem: not problem.source))

    def warnings(self) -> tuple[Problem, ...]:
        """Return the warnings."""
        return self.loaded.document.located(self._remarks)

    def _tried(self, look: Callable[[], Iterable[Problem]]) -> Iterable[Problem]:
        try:
            return tuple(look())
        except RestreamError as error:
            return (Problem("", 0, "", error.message, error.hint),)

    def _live(self) -> Iterable[Problem]:
        """Return what platforms do not take of OBS's last stream, if one was measured."""
        root, source = self.target.root, self.loaded.document.source
        for channel, each in channel_configs(self.config).items():
            places = paths_of(channel.name)
            if locate(root, places.last_live).exists():
                from restream_agent.config.live_remarks import live_remarks
                from restream_agent.fallback import last_live

                last = last_live.read(root, places)
                remarks = () if last is None else live_remarks(each, last)
                yield from (
                    Problem(source, 0, dotted(path), message, hint) for path, message, hint in remarks
                )

    def _fonts(self) -> Iterable[Problem]:
        if all(each.fallback.message.isascii() for each in channel_configs(self.config).values()):
            return ()  # every font has these letters
        from restream_agent.fallback import preparation

        return preparation.remarks(self.config, self.loaded.document.source)


def _looks(loaded: Loaded, target: TargetMachine) -> tuple[Callable[[], Iterable[Problem]], ...]:
    """Return what is to be looked at for errors of the file; each look returns the problems that it finds."""
    config, source = loaded.config, loaded.document.source
    assert config is not None

    def secrets() -> Iterable[Problem]:
        return secret_checks.problems(config, target.root, source)

    def videos() -> Iterable[Problem]:
        if not config.fallback.video and not any(each.fallback.video for each in config.channels.values()):
            return ()
        from restream_agent.fallback import preparation

        return preparation.problems(config, source)

    def loops() -> Iterable[Problem]:
        if not target.is_this_machine or any(path[0] == "ingest" for path in loaded.gone):
            return ()
        relays = outputs.loops(config, checks.is_own_address)
        return [Problem(source, 0, dotted(relay.table), *outputs.LOOP) for relay in relays]

    return secrets, videos, loops
