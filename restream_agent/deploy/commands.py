"""The steps of render, diff and apply, between the command line and the modules that do the work.

Each function acts or computes, and returns data; only the command line prints.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from restream_agent.base import files, paths
from restream_agent.base.channel_paths import paths_of
from restream_agent.base.errors import ConfigError, Problem, RestreamError
from restream_agent.base.file_tree import File, Link, Tree
from restream_agent.base.installed_channels import channel_names
from restream_agent.base.target import THIS_MACHINE, TargetMachine
from restream_agent.config import file
from restream_agent.config.channels import channel_configs
from restream_agent.config.load import Loaded
from restream_agent.config.model import Config
from restream_agent.deploy import apply as applying
from restream_agent.deploy import (
    awaited,
    checking,
    conversion_unit,
    ffmpeg_look,
    machine,
    policy_checks,
    polkit,
    secret_checks,
    unconfirmed,
)
from restream_agent.deploy import take_back as taking_back
from restream_agent.deploy.apply import ApplyOutcome
from restream_agent.deploy.changes import describe
from restream_agent.deploy.ffmpeg_needs import judge_ffmpeg, needs
from restream_agent.deploy.findings import refuse_faults
from restream_agent.deploy.on_trial import ApplyTrial
from restream_agent.deploy.planning import make_plan
from restream_agent.fallback import preparation
from restream_agent.fallback.conversion import ProgressCallback
from restream_agent.render import assets
from restream_agent.render.facts import Facts
from restream_agent.render.tree import render as render_tree
from restream_agent.systemd import systemctl
from restream_agent.systemd.channels import MAIN_CHANNEL, Channel


@dataclass(frozen=True)
class Subject:
    """What a command works with: a target, its checked configuration, and the facts of the machine.

    `loaded` is what the TOML file says; `config` is its configuration.
    """

    target: TargetMachine
    loaded: Loaded
    config: Config
    facts: Facts

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What is risky in the file."""
        return self.loaded.warnings


def require_rights(target: TargetMachine, command: str = "apply") -> None:
    """Raise RestreamError if a command cannot change the target: without systemd, or without root.

    Nor does `apply` while an earlier one waits to be confirmed.
    """
    if not target.is_this_machine:
        return
    systemctl.require_running()
    if os.geteuid() != 0:
        raise RestreamError(
            f"{command} changes the system and has to be root", hint=f"sudo restream-agent {command}"
        )
    if command == "apply":
        unconfirmed.refuse(target.root)


def load(
    target: TargetMachine,
    given: Path | None,
    edited: file.Edited | None = None,
    *,
    instead: Path | None = None,
) -> Subject:
    """Read the TOML file, `given` or at its usual place; ConfigError with every problem in it.

    `edited` stands for what is in its file, `instead` is a file that is to take its place.
    """
    path = file.config_path(target.root, given)
    loaded = file.examine(path, edited, instead=instead)
    if loaded.config is None or loaded.problems:
        raise ConfigError(loaded.problems)
    # Rendered files name the usual path, so that a copy under --config shows only real differences.
    facts = machine.collect_facts(loaded.config, target, source=paths.CONFIG)
    return Subject(target, loaded, loaded.config, facts)


def render(subject: Subject) -> Tree:
    """Return every file and link that the configuration asks for, by path."""
    return dict(sorted(render_tree(subject.config, subject.facts, assets.load()).items()))


def show(path: str, entry: File | Link) -> str:
    """Return one rendered file as text, below a line with its path, mode and group; a secret is not shown."""
    if isinstance(entry, Link):
        return f"# ---- {path} -> {entry.target}\n"
    content = "(holds a secret, not shown)\n" if entry.is_secret else entry.content
    return f"# ---- {path} (mode {entry.mode:04o}, group {entry.group})\n{content}"


def write(tree: Tree, directory: Path) -> tuple[Path, ...]:
    """Write a rendered tree below a directory, and return the paths written. No group is set."""
    for path, entry in tree.items():
        files.write(directory, path, File(entry.content, entry.mode) if isinstance(entry, File) else entry)
    return tuple(files.locate(directory, path) for path in tree)


def diff(subject: Subject) -> str:
    """Return what apply would change, as a unified diff, then a comment for each unit; "" for no change.

    Raises ConfigError if a secret is missing.
    """
    missing = secret_checks.problems(subject.config, subject.target.root, subject.loaded.document.source)
    if missing:
        raise ConfigError(subject.loaded.document.located(missing))
    plan = make_plan(subject.config, subject.facts, subject.target)
    return describe(plan.changes) + "".join(f"# {line}\n" for line in plan.actions.lines())


def preview(subject: Subject) -> ApplyOutcome:
    """Return what `apply` would do. Changes nothing; raises what `apply` raises before its first change."""
    _check(subject)
    return applying.preview(subject.config, subject.facts, target=subject.target, systemd=systemctl.Systemd())


def apply(
    subject: Subject, *, progress: ProgressCallback | None, within: float | None = None
) -> ApplyOutcome:
    """Bring the target to what the configuration says, or leave it as it was; return what was done.

    `progress` is told how far the preparation of a fallback video is. With `within` the change is taken
    back unless it is confirmed within so many seconds. Raises ConfigError or RestreamError.
    """
    _check(subject, waits=True)
    config, target, systemd = subject.config, subject.target, systemctl.Systemd()

    def prepare() -> None:
        if target.is_this_machine:
            _prepare(channel_configs(config), systemd, progress)

    document = subject.loaded.document
    trial = None if within is None else ApplyTrial(within, document.source, taking_back.hash_of(document))
    done = applying.apply(config, subject.facts, target=target, systemd=systemd, prepare=prepare, trial=trial)
    if target.is_this_machine:
        with suppress(OSError, RestreamError):  # it only spares the next check a question
            ffmpeg_look.keep(subject.facts.ffmpeg, target.root)
    return done


def _check(subject: Subject, *, waits: bool = False) -> None:
    """Raise what makes an apply fail before it compares anything.

    With `waits` the TOML is applied by itself when a file comes that is missing now.
    """
    config, facts, target = subject.config, subject.facts, subject.target
    if target.is_this_machine:
        machine.require_programs(config, facts)
        refuse_faults(judge_ffmpeg(needs(config), ffmpeg_look.known(facts.ffmpeg, target.root)))
        polkit.require_service(systemctl.Systemd())
    problems = checking.usable_problems(subject.loaded, target)
    if problems:
        is_usual = waits and subject.loaded.document.source == paths.CONFIG
        refused = subject.loaded.document.located(
            policy_checks.problems(config, target.root, subject.loaded.document.source)
        )
        missing = awaited.wait_for(target, config, problems, refused) if is_usual else ()
        raise ConfigError(problems, outcome=awaited.words(missing))


def _prepare(
    channels: Iterable[Channel], systemd: systemctl.Systemd, progress: ProgressCallback | None
) -> None:
    """Make the fallback of each channel, by its settings on the machine, unless it is there."""
    for channel in channels:
        places = paths_of(channel.name)
        if not preparation.is_prepared(preparation.read_settings(places), THIS_MACHINE.root, places):
            conversion_unit.convert(systemd, None, progress, channel)


def confirm() -> None:
    """Keep what waits to be confirmed on this machine; RestreamError if nothing does."""
    require_rights(THIS_MACHINE, "confirm")
    taking_back.confirm(THIS_MACHINE, systemctl.Systemd())


def take_back(*, only_if_due: bool) -> str | None:
    """Take back what waits to be confirmed on this machine; return the path of its TOML.

    With `only_if_due` not before its time is over: None is returned then. Raises RestreamError.
    """
    require_rights(THIS_MACHINE, "take-back")
    systemd = systemctl.Systemd()

    def prepare() -> None:
        root = THIS_MACHINE.root
        if files.locate(root, paths.FALLBACK_SETTINGS).exists():
            _prepare((MAIN_CHANNEL, *map(Channel, channel_names(root))), systemd, None)

    return taking_back.take_back(THIS_MACHINE, systemd, prepare=prepare, only_if_due=only_if_due)


def is_taken_back(target: TargetMachine, source: Path) -> bool:
    """Whether the TOML still says what was taken back, so that it is no edit to be applied."""
    return taking_back.is_taken_back(target.root, source)


def summary(subject: Subject) -> str:
    """Return in a few words what a configuration asks for."""
    return checking.summary(subject.config)
