"""The steps of check, render, diff and apply, between the command line and the modules that do the work.

Each function acts or computes, and returns data; only the command line prints.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from restream_agent.base import files, paths
from restream_agent.base.channel_paths import paths_of
from restream_agent.base.errors import ConfigError, Problem, RestreamError
from restream_agent.base.file_tree import File, Link, Tree
from restream_agent.base.target import TargetMachine
from restream_agent.config import file, outputs
from restream_agent.config.channels import channel_configs
from restream_agent.config.model import Config
from restream_agent.config.problems import dotted
from restream_agent.deploy import apply as applying
from restream_agent.deploy import checks, conversion_unit, machine, polkit, secret_checks
from restream_agent.deploy.changes import describe
from restream_agent.fallback import preparation
from restream_agent.fallback.conversion import ProgressCallback
from restream_agent.render import assets
from restream_agent.render.templates import Facts
from restream_agent.render.tree import render as render_tree
from restream_agent.systemd import systemctl


@dataclass(frozen=True)
class Subject:
    """What a command works with: a target, its checked configuration, and the facts of the machine.

    `source` is the TOML file as the user named it, for messages; `warnings` are about its content.
    `edited` is what one of the TOML's files is to hold, where it does not yet.
    """

    target: TargetMachine
    source: str
    config: Config
    facts: Facts
    warnings: tuple[Problem, ...]
    edited: file.Edited | None = None


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
    config, warnings = file.read(path, edited)
    # Rendered files name the usual path, so that a copy under --config shows only real differences.
    facts = machine.collect_facts(config, target, source=paths.CONFIG)
    return Subject(target, str(path), config, facts, warnings, edited)


def check(subject: Subject) -> tuple[Problem, ...]:
    """Check what the TOML refers to, and return all warnings.

    Raises ConfigError with all problems, RestreamError if a program is missing.
    """
    config, source, target = subject.config, subject.source, subject.target
    _require_usable(subject)
    if target.is_this_machine:
        machine.require_programs(config, subject.facts)
        if systemctl.is_running():
            polkit.require_service(systemctl.Systemd())
    fallback = preparation.remarks(config, source) if target.is_this_machine else ()
    remarks = (*secret_checks.remarks(config, target.root, source), *fallback)
    return (*subject.warnings, *file.located(remarks, Path(source), subject.edited))


def summary(subject: Subject) -> str:
    """Return one line about a configuration that is in order: its file, channels, platforms and server."""
    configs = channel_configs(subject.config)
    enabled = sum(platform.enabled for each in configs.values() for platform in each.platforms.values())
    platforms = "1 platform" if enabled == 1 else f"{enabled} platforms"
    channels = f"{len(configs)} channels, " if len(configs) > 1 else ""
    return f"{subject.source}: ok, {channels}{platforms}, {subject.config.ingest.server}"


def _require_usable(subject: Subject) -> None:
    """Raise ConfigError for the secrets, videos and outputs that cannot be used, all at once."""
    config, source, target = subject.config, subject.source, subject.target
    problems = list(secret_checks.problems(config, target.root, source))
    try:
        preparation.check(config, source)
    except ConfigError as error:
        problems += error.problems
    if target.is_this_machine:
        problems += [
            Problem(source, 0, dotted(relay.table), *outputs.LOOP)
            for relay in outputs.loops(config, checks.is_own_address)
        ]
    if problems:
        raise ConfigError(file.located(problems, Path(source), subject.edited))


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
    """Return what apply would change, as a unified diff, then a comment for each unit; "" for no change."""
    plan = applying.make_plan(subject.config, subject.facts, subject.target)
    return describe(plan.changes) + "".join(f"# {line}\n" for line in plan.actions.lines())


def apply(subject: Subject, *, progress: ProgressCallback | None) -> applying.Plan:
    """Bring the target to what the configuration says, or leave it as it was; return what was done.

    `progress` is told how far the preparation of a fallback video is. Raises ConfigError or RestreamError.
    """
    config, facts, target = subject.config, subject.facts, subject.target
    if target.is_this_machine:
        machine.require_programs(config, facts)
        polkit.require_service(systemctl.Systemd())
    _require_usable(subject)

    systemd = systemctl.Systemd()

    def prepare() -> None:
        for channel in channel_configs(config) if target.is_this_machine else ():
            places = paths_of(channel.name)
            if not preparation.is_prepared(preparation.read_settings(places), target.root, places):
                conversion_unit.convert(systemd, None, progress, channel)

    return applying.apply(config, facts, target=target, systemd=systemd, prepare=prepare)
