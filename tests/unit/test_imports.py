"""The layout of the code, as docs/design.md draws it: imports run one way, and modules stay small."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PACKAGE = PROJECT / "restream_agent"
MODULES = {path.stem: ast.parse(path.read_text()) for path in sorted(PACKAGE.glob("*.py"))}
SOURCES = sorted([*PACKAGE.glob("*.py"), *(PROJECT / "tests").rglob("*.py")])

# The stream itself: free of everything else, so that hypothesis can throw anything at it.
LEAN = {"flv", "timeline", "sources", "splice", "fanout", "ledger"}
# What decides, reads and renders: nothing here touches the machine or asks for the time.
PURE = LEAN | {
    "config", "config_models", "config_notify", "config_platform", "config_problems", "config_relay",
    "config_sources", "config_tables", "config_values", "config_warnings", "decide", "delivery",
    "dialects", "errors", "events", "ffmpeg", "filler", "grouping", "locate", "loop", "names", "news",
    "paths", "plan", "presets", "profile", "progress", "recipe", "reference", "relay_state", "render",
    "render_notify", "render_relays", "retry", "spans", "status", "tree", "unit_state", "unitfile",
    "webhook_url",
}  # fmt: skip
IMPURE = {
    "asyncio", "logging", "os", "selectors", "shutil", "socket", "subprocess", "tempfile",
    "threading", "time",
}  # fmt: skip
PRINTING = {"print", "exit", "sys.exit", "click.echo"}
LONGEST_FILE = 300
LONGEST_FUNCTION = 40  # lines, its docstring aside


def imports(tree: ast.Module) -> tuple[set[str], set[str]]:
    """Return which modules of ours a module imports anywhere in it, and which others."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "restream_agent":
            names |= {f"restream_agent.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    ours = {name.split(".")[1] for name in names if name.startswith("restream_agent.")}
    others = {name.split(".")[0] for name in names if not name.startswith("restream_agent.")}
    return ours & MODULES.keys(), others


OURS = {name: imports(tree)[0] for name, tree in MODULES.items()}
OTHERS = {name: imports(tree)[1] for name, tree in MODULES.items()}


def closure(name: str) -> set[str]:
    """Return a module and all modules of ours that it needs."""
    found, new = {name}, {name}
    while new:
        new = {needed for one in new for needed in OURS[one]} - found
        found |= new
    return found


def functions(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return how many lines a function has without its docstring."""
    assert function.end_lineno is not None
    lines = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function) is None:
        return lines
    docstring = function.body[0]
    assert docstring.end_lineno is not None
    return lines - (docstring.end_lineno - docstring.lineno + 1)


@pytest.mark.parametrize("name", sorted(MODULES))
def test_imports_run_one_way(name: str) -> None:
    """No module needs one that needs it."""
    assert [needed for needed in OURS[name] if name in closure(needed)] == []


@pytest.mark.parametrize("name", sorted(PURE))
def test_a_pure_module_needs_only_pure_ones(name: str) -> None:
    """And nothing that touches the machine, the network or the clock."""
    assert OURS[name] - PURE - {"__init__"} == set()
    assert OTHERS[name] & IMPURE == set()


@pytest.mark.parametrize("name", sorted(LEAN))
def test_the_stream_needs_nothing_else(name: str) -> None:
    """The modules of the stream need each other and plain data types."""
    assert OURS[name] <= LEAN
    assert OTHERS[name] <= {"collections", "dataclasses", "enum", "struct", "typing"}


def test_the_program_needs_the_standard_library_only() -> None:
    """It comes up without site-packages: that keeps its restart within half a second."""
    assert {other for name in closure("program") for other in OTHERS[name]} <= set(sys.stdlib_module_names)
    script = f"import sys; sys.path.insert(0, {str(PROJECT)!r}); import restream_agent.program"
    done = subprocess.run((sys.executable, "-I", "-S", "-c", script), timeout=30, check=False)
    assert done.returncode == 0


def test_one_module_runs_programs() -> None:
    """process.py; systemd.py names a type of subprocess only."""
    users = {name for name, others in OTHERS.items() if "subprocess" in others}
    assert users == {"process", "systemd"}
    assert "from subprocess import CompletedProcess\n" in (PACKAGE / "systemd.py").read_text()


def test_only_the_command_line_prints_and_exits() -> None:
    """Everything else returns values and raises errors; program and attempt are processes of their own."""
    users = {
        name
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in PRINTING
    }
    assert users <= {"attempt", "cli", "program", "program_settings"}


def test_help_needs_nothing_heavy() -> None:
    """What a command needs is imported in it."""
    heavy = ("pydantic", "jinja2", "starlette", "uvicorn", "httpx", "watchdog", "asyncio")
    script = f"import sys, restream_agent.cli; print([one for one in {heavy!r} if one in sys.modules])"
    done = subprocess.run(
        (sys.executable, "-c", script), timeout=30, check=True, capture_output=True, text=True, cwd=PROJECT
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_files_and_functions_stay_small(path: Path) -> None:
    """A module has one subject, a function does one thing."""
    text = path.read_text()
    assert len(text.splitlines()) <= LONGEST_FILE
    long = {one.name: length(one) for one in functions(ast.parse(text)) if length(one) > LONGEST_FUNCTION}
    assert long == {}
