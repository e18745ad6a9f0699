"""How the commands show an error."""

import pytest

from restream_agent.base.errors import RestreamError
from restream_agent.cli.options import explained


def test_the_lines_of_a_long_error_belong_together(capsys: pytest.CaptureFixture[str]) -> None:
    """The lines after the first are indented, as is the hint."""

    @explained
    def fail() -> None:
        raise RestreamError("the journal ends with:\n  one\ntwo", hint="look there")

    with pytest.raises(SystemExit):
        fail()
    assert capsys.readouterr().err == "restream-agent: the journal ends with:\n  one\n  two\n  look there\n"
