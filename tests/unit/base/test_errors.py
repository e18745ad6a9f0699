"""What an error carries for its message and its exit code."""

from restream_agent.base.errors import ConfigError, Problem

OF_THE_FILE = Problem("restream.toml", 3, "ingest.key", "is missing", column=1)
OF_THE_MACHINE = Problem("", 0, "", "ffmpeg is not installed")


def test_the_exit_code_says_whether_the_file_is_wrong() -> None:
    """78 is bad configuration; a machine that is not ready is a failure like any other."""
    assert ConfigError((OF_THE_MACHINE, OF_THE_FILE)).exit_code == 78
    assert ConfigError((OF_THE_MACHINE,)).exit_code == 1


def test_an_outcome_is_said_last() -> None:
    """After the problems, each in a line."""
    error = ConfigError((OF_THE_FILE, OF_THE_MACHINE), outcome="nothing was changed")
    assert error.message.splitlines() == [str(OF_THE_FILE), str(OF_THE_MACHINE), "nothing was changed"]
