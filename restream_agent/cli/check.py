"""The command `check`: every problem of the configuration, for people and, with --json, for programs."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from restream_agent.base.target import TargetMachine
from restream_agent.cli.options import config_option, explained, instead_argument, json_option, root_option
from restream_agent.cli.problem_view import ERROR, WARNING, counted, show_problems

if TYPE_CHECKING:
    from restream_agent.base.errors import Problem
    from restream_agent.deploy.checking import CheckReport

JSON_VERSION = 1
"""Counts changes of the JSON that a reader of the one before does not understand. A new field is none."""


@click.command("check")
@root_option
@config_option
@click.option("--strict", "is_strict", is_flag=True, help="Fail for warnings, too.")
@click.option(
    "--elsewhere",
    "is_elsewhere",
    is_flag=True,
    help="The file is for another machine: leave keys, videos and programs out.",
)
@click.option(
    "--policy",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The policy, if not /etc/restream-agent/policy.toml.",
    metavar="FILE",
)
@json_option
@instead_argument
@explained
def check_command(
    *,
    root: Path,
    given: Path | None,
    instead: Path | None,
    is_strict: bool,
    is_elsewhere: bool,
    policy: Path | None,
    as_json: bool,
) -> None:
    """Check the configuration and list every problem.

    With FILE, a file that is to become this machine's TOML is checked in its place, with this machine's
    platforms.d, keys, videos and programs.

    Errors come first, then warnings, each as FILE:LINE:COLUMN and with its line, in which keys are masked.
    The exit code is 78 for an error of the file, also for a key or a video that it names and that is not
    there, 1 if only the machine is not ready, and 0 otherwise.
    """
    from restream_agent.deploy import checking

    scope = checking.CheckScope(is_elsewhere=is_elsewhere, policy=policy, instead=instead)
    report = checking.check(TargetMachine(root), given, scope)
    if as_json:
        click.echo(json.dumps(as_record(report, is_strict=is_strict), indent=2, ensure_ascii=False))
    else:
        show(report, is_strict=is_strict)
    sys.exit(report.exit_code(is_strict=is_strict))


def show(report: "CheckReport", *, is_strict: bool) -> None:
    """Write errors and warnings to stderr, and for a file that is in order one line to stdout."""
    show_problems(report.errors, ERROR)
    show_problems(report.warnings, WARNING)
    count = counted(len(report.errors), len(report.warnings))
    if report.exit_code(is_strict=is_strict):
        refused = " (--strict)" if not report.errors else ""
        click.echo(f"{report.source}: {count}{refused}{_more(report)}", err=True)
    else:
        click.echo(f"{report.source}: ok, {report.summary}" + (f", {count}" if count else ""))


def _more(report: "CheckReport") -> str:
    """Return the command that says more of the first key that has a wrong value, "" if none has."""
    key = next((problem.path for problem in report.errors if " = " in problem.rule), "")
    return f"; restream-agent explain {key}" if key else ""


def as_record(report: "CheckReport", *, is_strict: bool) -> dict[str, Any]:
    """Return a report as JSON has it; docs/operations.md describes each field."""
    return {
        "version": JSON_VERSION,
        "file": report.source,
        "ok": report.exit_code(is_strict=is_strict) == 0,
        "errors": [problem_record(problem) for problem in report.errors],
        "warnings": [problem_record(problem) for problem in report.warnings],
    }


def problem_record(problem: "Problem") -> dict[str, Any]:
    """Return a problem as JSON has it: null where there is no file, place, key, rule, hint or excerpt."""
    return {
        "file": problem.source or None,
        "line": problem.line or None,
        "column": problem.column or None,
        "key": problem.path or None,
        "message": problem.message,
        "rule": problem.rule or None,
        "hint": problem.hint or None,
        "excerpt": None if problem.excerpt is None else asdict(problem.excerpt),
    }
