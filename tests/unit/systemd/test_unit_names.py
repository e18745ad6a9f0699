"""Unit names."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.systemd import unit_names


@given(st.from_regex(unit_names.INSTANCE, fullmatch=True))
def test_a_name_comes_back_out_of_the_unit_it_was_put_into(name: str) -> None:
    """relay_of and stream_of are the inverses of relay_unit and live_unit."""
    assert (name, name) == (
        unit_names.relay_of(unit_names.relay_unit(name)),
        unit_names.stream_of(unit_names.live_unit(name)),
    )


def test_a_relay_is_named_as_its_user_would_type_it() -> None:
    """A dash is not escaped."""
    assert unit_names.relay_unit("youtube-backup") == "ffmpeg-relay@youtube-backup.service"


@pytest.mark.parametrize("name", ["", "a/b", "a b", "-x", ".x", "a@b", "ä", "a\n", "x" * 101, "%i"])
def test_what_cannot_be_part_of_a_unit_name_is_refused(name: str) -> None:
    """No name can become another unit, a specifier or an option."""
    with pytest.raises(ValueError, match="cannot be an instance"):
        unit_names.live_unit(name)


@pytest.mark.parametrize("unit", ["live@main.service", "ffmpeg-relay@.service", "ffmpeg-relay@a.timer", "x"])
def test_other_units_are_no_relays(unit: str) -> None:
    """Only an instance of the relays' template belongs to a relay."""
    with pytest.raises(ValueError, match="is not an instance"):
        unit_names.relay_of(unit)


@pytest.mark.skipif(not shutil.which("systemd-escape"), reason="systemd-escape not found")
@pytest.mark.parametrize("path", ["/srv/a.mp4", "/srv/ä b/%n $HOME-1.mp4", "/srv/.hidden/x\\y"])
def test_a_path_is_escaped_as_systemd_does(path: str) -> None:
    """The unit gets it back as %I."""
    argv = ("systemd-escape", f"--template={unit_names.CONVERT_TEMPLATE}", path)
    escaped = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()
    assert unit_names.convert_unit(Path(path)) == escaped


def test_a_path_that_no_unit_can_be_named_after_is_refused() -> None:
    """A unit's name has at most 255 characters."""
    with pytest.raises(ValueError, match="too long"):
        unit_names.convert_unit(Path("/" + "ü" * 60))


@pytest.mark.parametrize("file", [None, Path("/srv/a-b.mp4"), Path("/srv/es:c.mp4")])
@pytest.mark.parametrize("channel", ["", "es"])
@pytest.mark.skipif(not shutil.which("systemd-escape"), reason="systemd-escape not found")
def test_a_conversion_names_its_channel_and_file(file: Path | None, channel: str) -> None:
    """The unit gets both back; systemd unescapes the instance."""
    unit = unit_names.convert_unit(file, channel)
    argv = ("systemd-escape", "--unescape", "--instance", unit)
    instance = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.rstrip("\n")
    assert unit_names.converted(instance) == (file, channel)
