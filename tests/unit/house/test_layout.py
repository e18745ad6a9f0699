"""The layout: rooms, unique class names, small files. `make lint` checks the imports."""

import ast
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[3]
PACKAGE = PROJECT / "restream_agent"
TREES = {
    path: ast.parse(path.read_text())
    for directory in (PACKAGE, PROJECT / "tests")
    for path in sorted(directory.rglob("*.py"))
}
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): tree
    for path, tree in TREES.items()
    if path.is_relative_to(PACKAGE)
}
ROOMS = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}

PRINTING = {"print", "exit", "sys.exit", "click.echo"}
LONGEST_FILE = 300
LONGEST_FUNCTION = 40  # lines, its docstring aside


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


def classes(trees: list[ast.Module]) -> Counter[str]:
    """Count the classes by name."""
    return Counter(node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def loaded(module: str, heavy: tuple[str, ...]) -> list[str]:
    """Return which of the heavy modules an import of `module` loads, in a Python of its own."""
    script = f"import sys, {module}; print(*(name for name in {heavy!r} if name in sys.modules))"
    done = subprocess.run(
        (sys.executable, "-c", script), timeout=30, check=True, capture_output=True, text=True, cwd=PROJECT
    )
    return done.stdout.split()


def test_the_linter_knows_every_room() -> None:
    """A new room needs its floor in the import contracts of pyproject.toml."""
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]
    floors = settings["contracts"][0]["layers"]
    assert {room for floor in floors for room in floor.split(" | ")} == ROOMS


def test_the_tests_have_the_same_rooms() -> None:
    """A room's unit tests are in tests/unit/ROOM."""
    assert ROOMS - {path.parent.name for path in (PROJECT / "tests/unit").glob("*/__init__.py")} == set()


def test_no_two_classes_of_the_package_have_one_name() -> None:
    """A class name means one thing."""
    assert [name for name, count in classes(list(MODULES.values())).items() if count > 1] == []


def test_no_two_classes_of_the_tests_have_one_name() -> None:
    """A class name in the tests means one helper, and is not the name of a class of the package."""
    named_by_others = PROJECT / "tests/lab/ansible_plugins"  # Ansible looks for classes by its own names
    left_out = (PACKAGE, named_by_others)
    of_the_tests = [tree for path, tree in TREES.items() if not any(map(path.is_relative_to, left_out))]
    used_twice = [name for name, count in classes(of_the_tests).items() if count > 1]
    assert used_twice == []
    assert classes(of_the_tests).keys() & classes(list(MODULES.values())).keys() == set()


@pytest.mark.parametrize("room", ["program", "player"])
def test_a_process_of_the_stream_comes_up_without_site_packages(room: str) -> None:
    """Its start takes less than half a second because it needs the standard library only."""
    script = f"import sys; sys.path.insert(0, {str(PROJECT)!r}); import restream_agent.{room}.__main__"
    done = subprocess.run((sys.executable, "-I", "-S", "-c", script), timeout=30, check=False)
    assert done.returncode == 0


def test_only_the_command_line_prints_and_exits() -> None:
    """Other rooms return values and raise errors. The program, the player and the launchers are processes."""
    users = {
        name.partition(".")[0]
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in PRINTING
    }
    assert users == {"cli", "launchers", "player", "program"}


def test_only_the_target_knows_what_the_root_directory_means() -> None:
    """base/target.py compares a root with "/"; everything else asks the target."""
    roots = {"Path('/')", "THIS_MACHINE.root", "_MACHINE_ROOT"}
    comparing = {
        name
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        and roots & {ast.unparse(operand) for operand in (node.left, *node.comparators)}
    }
    assert comparing == {"base.target"}


def test_the_player_loads_little() -> None:
    """The answer to a publish waits for its start."""
    heavy = ("dataclasses", "typing", "re", "inspect", "encodings.idna", "urllib", "pathlib", "logging")
    assert loaded("restream_agent.player.__main__", heavy) == []


def test_the_process_beside_a_relay_loads_little() -> None:
    """There is one for each relay: dataclasses, pathlib and json are 3 MB."""
    heavy = ("dataclasses", "inspect", "pathlib", "json", "urllib", "logging", "asyncio")
    assert loaded("restream_agent.launchers.relay_log", heavy) == []


HEAVY = (
    *("pydantic", "pydantic_core", "jinja2", "starlette", "uvicorn", "httpx", "watchdog", "asyncio"),
    *("rich", "segno"),
)


def test_help_needs_nothing_heavy() -> None:
    """Each command imports what it needs when it runs."""
    assert loaded("restream_agent.cli.main", HEAVY) == []


def test_status_needs_neither_pydantic_nor_jinja2() -> None:
    """`restream-agent status` asks the agent; it renders and checks nothing."""
    for module in ("channel_view", "status", "status_exit", "status_view"):
        assert loaded(f"restream_agent.cli.{module}", HEAVY) == []


def test_no_service_loads_what_draws_on_terminals() -> None:
    """httpx brings rich along for a command of its own; the agent and the notifier run all the time."""
    for module in ("agent.service", "notifier.service"):
        assert loaded(f"restream_agent.{module}", ("rich", "pygments", "jinja2")) == []


@pytest.mark.parametrize("path", TREES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_files_and_functions_stay_small(path: Path) -> None:
    """A file has at most LONGEST_FILE lines, a function at most LONGEST_FUNCTION."""
    assert len(path.read_text().splitlines()) <= LONGEST_FILE
    lengths = [(function.name, length(function)) for function in functions(TREES[path])]
    assert [(name, lines) for name, lines in lengths if lines > LONGEST_FUNCTION] == []
