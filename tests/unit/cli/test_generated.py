"""Everything that `make reference` makes is current, and is what its readers can read."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from restream_agent.cli.generated import generate, write

TOP = Path(__file__).parents[3]
TEXTS = generate()
PAGES = [path for path in TEXTS if path.startswith("share/man/")]


@pytest.mark.parametrize("path", TEXTS)
def test_a_generated_file_is_current(path: str) -> None:
    """What is committed is what the code gives: after a change run `make reference`."""
    assert (TOP / path).read_text(encoding="utf-8") == TEXTS[path]


def test_nothing_else_is_in_share() -> None:
    """What is installed is made from the code, or copied from the docs."""
    files = {path.relative_to(TOP).as_posix() for path in (TOP / "share").rglob("*") if path.is_file()}
    assert files == {path for path in TEXTS if path.startswith("share/")}


def test_each_text_is_written_to_its_place(tmp_path: Path) -> None:
    """As `make reference` does at the top of the checkout."""
    write(tmp_path)
    assert {path: (tmp_path / path).read_text(encoding="utf-8") for path in TEXTS} == TEXTS


@pytest.mark.parametrize("path", PAGES)
def test_a_man_page_is_valid(path: str) -> None:
    """groff has no warning, of those that it is silent about by default either."""
    if shutil.which("groff") is None:
        pytest.skip("groff not installed")
    asked = ("groff", "-man", "-ww", "-z", "-Tutf8", str(TOP / path))
    done = subprocess.run(asked, timeout=30, check=True, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.parametrize("path", PAGES)
def test_a_man_page_fits_a_terminal(path: str) -> None:
    """80 columns, as `man -l` shows it; no word is broken, so that what is copied works."""
    if shutil.which("groff") is None:
        pytest.skip("groff not installed")
    asked = ("groff", "-man", "-Tutf8", "-P-c", "-P-bou", "-rLL=78n", str(TOP / path))
    shown = subprocess.run(asked, timeout=30, check=True, capture_output=True, text=True).stdout
    assert [line for line in shown.splitlines() if len(line) > 80 or line.endswith("\N{HYPHEN}")] == []
    assert "\\" not in shown


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_nothing_that_a_formatter_may_misread(path: str) -> None:
    """ASCII without hyphens that are no escape; requests and macros that man(7) has."""
    for line in TEXTS[path].splitlines()[1:]:
        assert line.isascii()
        if line.startswith("."):
            assert line.split()[0] in {
                ".TH",
                ".SH",
                ".SS",
                ".PP",
                ".TP",
                ".IP",
                ".RS",
                ".RE",
                ".EX",
                ".EE",
                ".br",
                ".nh",
                ".ad",
            }
        assert not re.search(r"(?<!\\)-", line)


def test_shells_can_read_their_scripts() -> None:
    """bash, and zsh and fish where they are installed."""
    scripts = {"bash": "bash-completion", "zsh": "zsh", "fish": "fish"}
    for shell, directory in scripts.items():
        (script,) = (path for path in TEXTS if path.startswith(f"share/{directory}/"))
        if shutil.which(shell) is not None:
            subprocess.run((shell, "-n", str(TOP / script)), timeout=30, check=True)


def test_zsh_is_told_by_the_first_line() -> None:
    """compinit looks nowhere else."""
    assert TEXTS["share/zsh/site-functions/_restream-agent"].startswith("#compdef restream-agent\n")
