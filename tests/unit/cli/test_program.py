"""The program as a shell starts it: streams that are closed, and a place for its output that is full."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = (sys.executable, "-m", "restream_agent.cli.main")
BAD = "version = 1\nkee = 1\n"


def run(redirection: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run restream-agent in a shell, with what the shell does to its streams."""
    command = ("/bin/sh", "-c", f'"$@" {redirection}', "sh", *PROGRAM, *arguments)
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


@pytest.mark.parametrize("command", [("explain",), ("--help",), ("platform", "presets", "--json")])
def test_an_output_that_is_full_is_told_in_words(command: tuple[str, ...]) -> None:
    """/dev/full stands for a file on a full disk."""
    done = run("> /dev/full", *command)
    words = "restream-agent: the output cannot be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, words)


@pytest.mark.parametrize("redirection", ["2>&-", ">&- 2>&- <&-"])
def test_closed_streams_leave_the_exit_code(tmp_path: Path, redirection: str) -> None:
    """A wrong file is wrong, also for a reader of nothing but the exit code."""
    place = tmp_path / "restream.toml"
    place.write_text(BAD)
    assert run(redirection, "check", "--config", str(place)).returncode == 78


def test_a_closed_standard_input_is_an_empty_one(tmp_path: Path) -> None:
    """A key that does not come is told in words."""
    done = run("<&-", "secret", "set", "twitch", "--root", str(tmp_path))
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert done.stderr.endswith("nothing was changed\n")


def test_a_letter_that_the_output_cannot_have_is_a_question_mark(tmp_path: Path) -> None:
    """The locale of an old server, and a file whose name is not UTF-8: JSON stays JSON."""
    (tmp_path / "restream.toml").write_text('version = 1\n[ingest]\nkey = "hidden-key"\nkee = 1\n')
    arguments = ("check", "--json", "--config", str(tmp_path / "restream.toml"))
    done = run("", *arguments, PYTHONIOENCODING="latin-1")
    assert (done.stderr, json.loads(done.stdout)["errors"][0]["excerpt"]["text"]) == ("", "kee = ???")
    done = run("", "check", "--json", "--config", "gone-\udcff", PYTHONIOENCODING="utf-8:strict")
    assert (done.stderr, json.loads(done.stdout)["file"]) == ("", "gone-?")
