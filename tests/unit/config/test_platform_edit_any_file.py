"""Whatever a file looks like, an edit of a platform keeps its comments and blank lines."""

import tomllib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from restream_agent.base.errors import RestreamError
from restream_agent.config import load, platform_edit
from restream_agent.config.toml_diff import diff
from restream_agent.config.toml_edit import ByHandError
from tests.unit.config.commented_toml import NAMES, commented_files, is_kept, keepsakes

Edit = tuple[str, str, str]  # what, channel, platform

EDITS = st.lists(
    st.tuples(
        st.sampled_from(["add", "remove", "enable", "disable", "size", "server", "no video"]),
        st.sampled_from(["main", "es"]),
        st.sampled_from(NAMES),
    ),
    min_size=1,
    max_size=5,
)


def edited(text: str, edit: Edit) -> str:
    """Return the text after an edit; an edit that does not apply is refused, and leaves the text."""
    what, channel, name = edit
    path = platform_edit.platform_path(channel, name)
    try:
        if what == "add":
            key = name if channel == "main" else f"{channel}.{name}"
            url = f"rtmps://{name}.example.org:443/app"
            return platform_edit.add(text, path, {"url": url, "key": {"credential": key}})
        if what == "remove":
            return platform_edit.remove(text, path)
        if what in ("enable", "disable"):
            return platform_edit.enable(text, path, enabled=what == "enable")
        words = {
            "size": ("video.height=480", "video.bitrate=1M"),
            "server": ("server=", "url=rtmp://x/y"),
            "no video": ("video=",),
        }
        return platform_edit.change(text, path, tuple(map(platform_edit.read_setting, words[what])))
    except ByHandError:
        raise
    except RestreamError:
        return text


def platforms(text: str) -> dict[str, Any]:
    data = tomllib.loads(text.removeprefix("\ufeff"))
    return {
        "main": data.get("platforms", {}),
        "es": data.get("channels", {}).get("es", {}).get("platforms", {}),
    }


@settings(max_examples=400, deadline=None)
@given(commented_files(), EDITS)
def test_every_comment_and_blank_line_stays(text: str, edits: list[Edit]) -> None:
    """In the order of the file, after any sequence of edits; every other platform stays as it was."""
    assert len(keepsakes(text)) >= text.count("#r")
    for edit in edits:
        after = edited(text, edit)
        assert is_kept(text, after), diff(text, after, "file")
        _, channel, name = edit
        others = [
            {key: value for key, value in platforms(each)[channel].items() if key != name}
            for each in (text, after)
        ]
        assert others[0] == others[1]
        assert not after.replace("\r\n", "").count("\r\n" if "\r\n" not in text else "\r")
        text = after


@settings(max_examples=200, deadline=None)
@given(commented_files(), st.sampled_from(["main", "es"]), st.sampled_from(NAMES))
def test_what_was_added_is_removed_without_a_trace(text: str, channel: str, name: str) -> None:
    """But for the blank lines around it."""
    added = edited(text, ("add", channel, name))
    if added == text:
        return
    removed = edited(added, ("remove", channel, name))
    lines = [[line.rstrip("\r") for line in each.split("\n") if line.strip()] for each in (text, removed)]
    assert lines[0] == lines[1]


@settings(max_examples=100, deadline=None)
@given(commented_files())
def test_such_a_file_is_valid(text: str) -> None:
    """The property would say nothing about files that are refused."""
    load.load(text, source="file")
