"""The commands themselves, on files full of comments: none is lost, whatever the commands do or refuse."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from restream_agent.cli.main import main
from tests.unit.config.commented_toml import NAMES, commented_files, is_kept

KEY = "live_hidden_key"
URL = "rtmps://elsewhere.example.org:443/app"
COMMANDS = st.sampled_from(
    [
        ("add", "--url", URL),
        ("remove",),
        ("enable",),
        ("disable",),
        ("set", "video.height=480", "video.bitrate=1M"),
        ("set", "video=", f"url={URL}", "preset="),
        ("set", "--key"),
    ]
)


pytestmark = pytest.mark.usefixtures("quick_ffmpeg")


@settings(max_examples=40, deadline=None)
@given(
    commented_files(),
    st.lists(
        st.tuples(COMMANDS, st.sampled_from(["main", "es"]), st.sampled_from(NAMES)), min_size=1, max_size=4
    ),
)
def test_commands_keep_every_comment_and_blank_line(
    text: str, calls: list[tuple[tuple[str, ...], str, str]]
) -> None:
    """Each of them; those that are refused leave the file as it was."""
    with TemporaryDirectory() as directory:
        place = Path(directory) / "etc/restream-agent/restream.toml"
        (place.parent / "credentials").mkdir(parents=True)
        for name in ("ingest", "ingest-es", *NAMES, *(f"es.{name}" for name in NAMES)):
            (place.parent / "credentials" / name).write_text(f"{KEY}-{name}\n")
        place.write_text(text, newline="")
        for number, ((verb, *more), channel, name) in enumerate(calls):
            before = place.read_bytes().decode()
            arguments = ["platform", verb, name, *more, "--channel", channel, "--root", directory]
            done = CliRunner().invoke(main, arguments, input=f"{KEY}-{number}\n")
            assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
            after = place.read_bytes().decode()
            assert is_kept(before, after), done.output
            assert (KEY in done.output, "by hand" in done.output) == (False, False), done.output
            assert done.exit_code == 0 or after == before, done.output
