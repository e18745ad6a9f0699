"""The steps of render, diff and apply, between the command line and the modules that do the work.

Each function acts or computes, and returns data; only the command line prints.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from restream_agent.base import files, paths
from restream_agent.base.channel_paths import paths_of
from restream_agent.base.errors import ConfigError, Problem, RestreamError
from restream_agent.base.file_tree import File, Link, Tree
from restream_agent.base.target import TargetMachine
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
    polkit,
    secret_checks,
)
from restream_agent.deploy.changes import describe
from restream_agent.deploy.ffmpeg_needs import judge_ffmpeg, needs
from restream_agent.deploy.findings import refuse_faults
from restream_agent.fallback import preparation
from restream_agent.fallback.conversion import ProgressCallback
from restream_agent.render import assets
from restream_agent.render.facts import Facts
from restream_agent.render.tree import render as render_tree
from restream_agent.systemd import systemctl


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


def require_rights(target: TargetMachine) -> None:
    """Raise RestreamError if apply cannot change the target: without systemd, or without root."""
    if not target.is_this_machine:
        return
    systemctl.require_running()
    if os.geteuid() != 0:
        raise RestreamError("apply changes the system and has to be root", hint="sudo restream-agent apply")


def load(target: TargetMachine, given: Path | None, edited: file.Edited | None = None) -> Subject:
    """Read the TOML file, `given` or at its usual place; ConfigError with every problem in it.

    `edited` stands for what is in its file.
    """
    path = file.config_path(target.root, given)
    loaded = file.examine(path, edited)
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
    plan = applying.make_plan(subject.config, subject.facts, subject.target)
    return describe(plan.changes) + "".join(f"# {line}\n" for line in plan.actions.lines())


def apply(subject: Subject, *, progress: ProgressCallback | None) -> applying.Plan:
    """Bring the target to what the configuration says, or leave it as it was; return what was done.

    `progress` is told how far the preparation of a fallback video is. Raises ConfigError or RestreamError.
    """
    config, facts, target = subject.config, subject.facts, subject.target
    if target.is_this_machine:
        machine.require_programs(config, facts)
        refuse_faults(judge_ffmpeg(needs(config), ffmpeg_look.known(facts.ffmpeg, target.root)))
        polkit.require_service(systemctl.Systemd())
    problems = checking.usable_problems(subject.loaded, target)
    if problems:
        is_usual = subject.loaded.document.source == paths.CONFIG
        missing = awaited.wait_for(target, config, problems) if is_usual else ()
        raise ConfigError(problems, outcome=awaited.words(missing))
    systemd = systemctl.Systemd()

    def prepare() -> None:
        for channel in channel_configs(config) if target.is_this_machine else ():
            places = paths_of(channel.name)
            if not preparation.is_prepared(preparation.read_settings(places), target.root, places):
                conversion_unit.convert(systemd, None, progress, channel)

    done = applying.apply(config, facts, target=target, systemd=systemd, prepare=prepare)
    if target.is_this_machine:
        with suppress(OSError, RestreamError):  # it only spares the next check a question
            ffmpeg_look.keep(facts.ffmpeg, target.root)
    return done
