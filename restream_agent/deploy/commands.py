"""check, render, diff and apply: what stands between the command line and the modules that do it."""

import os
from collections.abc import Iterator
from pathlib import Path

from restream_agent.base import files, paths
from restream_agent.base.errors import ConfigError, Problem, RestreamError
from restream_agent.base.file_tree import File, Tree
from restream_agent.config import file
from restream_agent.config.model import Config
from restream_agent.deploy import apply as applying
from restream_agent.deploy import machine, plan, secret_checks
from restream_agent.fallback import preparation
from restream_agent.fallback.conversion import ProgressCallback
from restream_agent.render import assets
from restream_agent.render.templates import Facts
from restream_agent.render.tree import render as render_tree
from restream_agent.systemd import systemctl


def _read(root: Path, given: Path | None) -> tuple[Config, Facts, tuple[Problem, ...]]:
    path = file.config_path(root, given)
    config, warnings = file.read(path)
    # What is rendered names the usual place, so that a copy under --config shows only real differences.
    return config, machine.facts(config, root=root, source=paths.CONFIG), warnings


def check(root: Path, given: Path | None) -> tuple[Problem, ...]:
    """Return the warnings; ConfigError with all problems, RestreamError if a program is missing."""
    config, facts, warnings = _read(root, given)
    missing = secret_checks.problems(config, root, str(file.config_path(root, given)))
    if missing:
        raise ConfigError(missing)
    preparation.check(config, str(file.config_path(root, given)))
    if root == Path("/"):
        machine.require_programs(config, facts)
    return (*warnings, *secret_checks.remarks(config, root, str(file.config_path(root, given))))


def render(root: Path, given: Path | None, out: Path | None) -> Iterator[str]:
    """Yield every rendered file, or the names of those written below `out`."""
    config, facts, _ = _read(root, given)
    for path, entry in sorted(render_tree(config, facts, assets.load()).items()):
        if out is not None:
            files.write(out, path, File(entry.content, entry.mode) if isinstance(entry, File) else entry)
            yield str(files.locate(out, path))
        elif isinstance(entry, File):
            content = "(holds a secret, not shown)\n" if entry.is_secret else entry.content
            yield f"# ---- {path} (mode {entry.mode:04o}, group {entry.group})\n{content}"
        else:
            yield f"# ---- {path} -> {entry.target}\n"


def diff(root: Path, given: Path | None) -> str:
    """Return what apply would change, as a unified diff and the units it would touch; "" if nothing."""
    config, facts, _ = _read(root, given)
    found = applying.make_plan(config, facts, root)
    return "" if found.is_empty else plan.describe(found.changes) + "".join(_unit_lines(found.actions))


def _unit_lines(wanted: plan.Actions) -> Iterator[str]:
    verbs = {
        "stop": wanted.stop,
        "restart": wanted.restart,
        "reload": wanted.reload,
        "start": wanted.start,
        "start while on air": wanted.start_on_air,
    }
    for verb, units in verbs.items():
        for unit in units:
            yield f"# {verb} {unit}\n"


def apply(root: Path, given: Path | None, *, progress: ProgressCallback | None) -> Iterator[str]:
    """Bring the machine to what the configuration says; yield what was done."""
    if root == Path("/"):
        systemctl.require_running()
        if os.geteuid() != 0:
            raise RestreamError(
                "apply changes the system and has to be root", hint="sudo restream-agent apply"
            )
    config, facts, warnings = _read(root, given)
    for warning in warnings:
        yield f"warning: {warning}"
    if root == Path("/"):
        machine.require_programs(config, facts)
    preparation.check(config, str(file.config_path(root, given)))
    manager = systemctl.Systemd()

    def prepare(desired: Tree) -> None:
        settings = desired[paths.FALLBACK_SETTINGS]
        if root == Path("/") and isinstance(settings, File):
            preparation.prepare(preparation.Wanted.parse(settings.content), root, progress)

    done = applying.apply(config, facts, root=root, systemd=manager, prepare=prepare)
    for change in done.changes:
        yield f"{change.kind} {change.path}"
    yield from (line.removeprefix("# ").rstrip() for line in _unit_lines(done.actions))
    if done.is_empty:
        yield "nothing to change"
