"""The pages that people read name only files, modules, targets and names that exist."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[3]
PAGES = [PROJECT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
PAGES += sorted((PROJECT / "docs").glob("*.md"))
TREES = (
    "restream_agent",
    "benchmarks",
    "release",
    "debian",
    "tests",
    "templates",
    "units",
    "docs",
    "examples",
)
FILES = {
    path.relative_to(PROJECT).as_posix()
    for tree in TREES
    for path in (PROJECT / tree).rglob("*")
    if "__pycache__" not in path.parts
}
RULES = re.findall(r"^([a-z ]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE)
TARGETS = {name for names in RULES for name in names.split()}

QUOTED = re.compile(r"`([^`\n]+)`")
MODULE_FILE = re.compile(r"[\w/*-]+\.(?:py|j2)")
MODULE = re.compile(r"restream_agent(?:\.\w+)+|tests\.\w+(?:\.\w+)*")
PLACEHOLDER = re.compile(r"[A-Z]{3,}")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
RULE = re.compile(r"\|(?: *:?-+:? *\|)+")
NAME_IN_FILE = re.compile(r"`(\w+)` in `([\w/]+\.(?:py|toml))`")
CONSTANTS_OF_FILE = re.compile(r"`([\w/]+\.py)` ([A-Z][A-Z_]+(?:, [A-Z][A-Z_]+)*)")


def words(page: Path) -> set[str]:
    """Return the words that a page shows as code inside a line."""
    return {word.rstrip(",;:") for text in QUOTED.findall(page.read_text()) for word in text.split()}


def places(name: str) -> list[Path]:
    """Return the files that a name can mean: from the top, or inside the package; `*` stands for any."""
    found = [*PROJECT.glob(name), *(PROJECT / "restream_agent").rglob(name)]
    return [path for path in found if path.relative_to(PROJECT).as_posix() in FILES or path.parent == PROJECT]


def is_path(word: str) -> bool:
    """Whether a word names a file or directory of the checkout."""
    is_in_tree = word.partition("/")[0] in TREES and "/" in word
    return is_in_tree or MODULE_FILE.fullmatch(word) is not None


def anchor(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w -]", "", heading.replace("`", "").lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    """From the top of the checkout or inside the package."""
    paths = {word for word in words(page) if is_path(word) and not PLACEHOLDER.search(word)}
    assert [path for path in sorted(paths) if not places(path.rstrip("/"))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_module_and_make_target_that_a_page_names_exists(page: Path) -> None:
    """`python -m tests.attack`, `restream_agent.launchers.log_filter`, `make demo`."""
    text = page.read_text()
    modules = {word for word in words(page) if MODULE.fullmatch(word)}
    assert [module for module in sorted(modules) if find_spec(module) is None] == []
    targets = set(re.findall(r"(?:`|^    )make ([a-z]+)", text, re.MULTILINE))
    assert targets - TARGETS == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_name_that_a_page_puts_into_a_file_is_there(page: Path) -> None:
    """`NAME` in `file.py`, and `file.py` CONSTANT."""
    text = page.read_text()
    claims = [(name, file) for name, file in NAME_IN_FILE.findall(text)]
    claims += [(name, file) for file, names in CONSTANTS_OF_FILE.findall(text) for name in names.split(", ")]
    missing = [
        f"{name} in {file}"
        for name, file in claims
        if not any(re.search(rf"\b{name}\b", path.read_text()) for path in places(file))
    ]
    assert missing == []


def test_the_table_of_rooms_names_every_module() -> None:
    """A new module gets its place in docs/design.md, "Rooms"."""
    section = (PROJECT / "docs/design.md").read_text().partition("\n## Rooms\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", section, re.MULTILINE)
    named = {room: set(re.findall(r"`(\w+)` \(", cells)) for room, cells in rows}
    modules = {
        room.name: {path.stem for path in room.glob("*.py")} - {"__init__"}
        for room in (PROJECT / "restream_agent").iterdir()
        if (room / "__init__.py").exists()
    }
    assert modules == named


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_row_of_a_page_is_in_a_table(page: Path) -> None:
    """A row that begins anew needs the line below it that makes it a header; else it is shown as text."""
    lines = page.read_text().splitlines()
    first = [
        number
        for number, line in enumerate(lines)
        if line.startswith("|") and not lines[number - 1].startswith("|")
    ]
    assert [lines[number] for number in first if not RULE.fullmatch("".join(lines[number + 1 :][:1]))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    """To a file of the checkout, and to a heading where it names one."""
    dead = []
    for link in LINK.findall(page.read_text()):
        file, _, fragment = link.partition("#")
        target = page.parent / file if file else page
        headings = HEADING.findall(target.read_text()) if target.suffix == ".md" and target.is_file() else []
        if not link.startswith("https://") and (
            not target.exists() or (fragment and fragment not in map(anchor, headings))
        ):
            dead.append(link)
    assert dead == []
