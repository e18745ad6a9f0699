"""Every rule has a file that breaks it, whose first lines are the exact messages."""

from pathlib import Path

import pytest

from restream_agent.base.errors import ConfigError
from restream_agent.config.load import load

BAD = Path(__file__).parents[2] / "data" / "bad"
FILES = sorted(BAD.glob("*.toml"))
MARK = "# error: "


def test_there_are_bad_files() -> None:
    """The corpus is found."""
    assert FILES


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_says_what_is_wrong(file: Path) -> None:
    """Exactly the problems that a file's first lines name are reported, in the order of its lines."""
    text = file.read_text(encoding="utf-8")
    expected = [line.removeprefix(MARK) for line in text.splitlines() if line.startswith(MARK)]
    with pytest.raises(ConfigError) as caught:
        load(text, source=file.name)
    assert expected == [str(problem) for problem in caught.value.problems]
    assert "hidden" not in str(caught.value)
