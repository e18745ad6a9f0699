"""check, render, diff and apply: what stands between the command line and the modules that do it."""

import os
from collections.abc import Iterator
from pathlib import Path

from restream_agent import apply as applying
from restream_agent import assets, fallback, files, load, machine, paths, plan, secrets, systemd
from restream_agent.config import Config
from restream_agent.errors import ConfigError, Problem, RestreamError
from restream_agent.filler import Facts
from restream_agent.media import Report
from restream_agent.render import render as render_tree
from restream_agent.tree import File, Tree


def _read(root: Path, given: Path | None) -> tuple[Config, Facts, tuple[Problem, ...]]:
    path = load.config_path(root, given)
    config, warnings = load.read(path)
    # What is rendered names the usual place, so that a copy under --config shows only real differences.
    return config, machine.facts(config, root=root, source=paths.CONFIG), warnings


def check(root: Path, given: Path | None) -> tuple[Problem, ...]:
    """Return the warnings; ConfigError with all problems, RestreamError if a program is missing."""
    config, facts, warnings = _read(root, given)
    missing = secrets.problems(config, root, str(load.config_path(root, given)))
    if missing:
        raise ConfigError(missing)
    fallback.check(config, str(load.config_path(root, given)))
    if root == Path("/"):
        machine.require_programs(config, facts)
    return (*warnings, *secrets.remarks(config, root, str(load.config_path(root, given))))


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


def apply(root: Path, given: Path | None, *, progress: Report | None) -> Iterator[str]:
    """Bring the machine to what the configuration says; yield what was done."""
    if root == Path("/"):
        systemd.require_running()
        if os.geteuid() != 0:
            raise RestreamError(
                "apply changes the system and has to be root", hint="sudo restream-agent apply"
            )
    config, facts, warnings = _read(root, given)
    for warning in warnings:
        yield f"warning: {warning}"
    if root == Path("/"):
        machine.require_programs(config, facts)
    fallback.check(config, str(load.config_path(root, given)))
    manager = systemd.Systemd()

    def prepare(desired: Tree) -> None:
        settings = desired[paths.FALLBACK_SETTINGS]
        if root == Path("/") and isinstance(settings, File):
            fallback.prepare(fallback.Wanted.parse(settings.content), root, progress)

    done = applying.apply(config, facts, root=root, systemd=manager, prepare=prepare)
    for change in done.changes:
        yield f"{change.kind} {change.path}"
    yield from (line.removeprefix("# ").rstrip() for line in _unit_lines(done.actions))
    if done.is_empty:
        yield "nothing to change"
