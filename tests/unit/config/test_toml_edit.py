"""An edit changes what it is about, and keeps every comment, blank line and the order of everything else."""

import tomllib

import pytest

from restream_agent.config.toml_edit import ByHandError, with_table, with_value, without

FILE = """\
# Our channel.
version = 1

# What OBS sends.
[ingest]  # one server
key = { credential = "ingest" }

# Twitch: the main account.
[platforms.twitch]  # since 2019
  preset   =  "twitch"  # global
  # rotated in May
  key = { credential = "twitch" }  # sk_…

# YouTube.
[platforms.youtube]
preset = "youtube"
key = { credential = "youtube" }
# backup = true

[platforms.youtube.video]
height = 720
bitrate = "3000k"

# Spanish.
[channels.es]
key = { credential = "ingest-es" }
"""

TWITCH = ("platforms", "twitch")


def changed(after: str, before: str = FILE) -> list[str]:
    """Return the lines that are new, and those that are gone, in the order of a diff."""
    old, new = before.splitlines(), after.splitlines()
    return [
        *(f"-{line}" for line in old if line not in new),
        *(f"+{line}" for line in new if line not in old),
    ]


def test_a_new_key_comes_below_the_last_key_of_its_table() -> None:
    """Not below the comment of the next table; indented like its neighbour."""
    after = with_value(FILE, (*TWITCH, "enabled"), False)
    assert changed(after) == ["+  enabled = false"]
    assert after.index("enabled") < after.index("# YouTube.")


def test_a_new_value_keeps_the_comment_behind_it() -> None:
    """And the spaces that align it."""
    after = with_value(FILE, (*TWITCH, "preset"), "kick")
    assert changed(after) == ['-  preset   =  "twitch"  # global', '+  preset   =  "kick"  # global']


def test_a_key_of_an_inner_table_goes_below_its_header() -> None:
    """`video.height` is in `[platforms.youtube.video]`."""
    after = with_value(FILE, ("platforms", "youtube", "video", "height"), 1080)
    assert changed(after) == ["-height = 720", "+height = 1080"]


def test_a_key_of_a_table_that_is_not_there_makes_it_in_one_line() -> None:
    """The next key of it joins the line."""
    once = with_value(FILE, (*TWITCH, "video", "height"), 720)
    assert changed(once) == ["+  video = { height = 720 }"]
    twice = with_value(once, (*TWITCH, "video", "bitrate"), "3000k")
    assert changed(twice) == ['+  video = { height = 720, bitrate = "3000k" }']


def test_a_removed_table_leaves_its_comments() -> None:
    """Each in a line of its own, where it was."""
    after = without(FILE, TWITCH)
    assert after.partition("# Twitch: the main account.\n")[2].startswith(
        "# since 2019\n  # global\n  # rotated in May\n  # sk_…\n\n# YouTube.\n"
    )
    assert "twitch" not in tomllib.loads(after)["platforms"]


def test_a_removed_table_takes_its_inner_tables_along() -> None:
    """`[platforms.youtube.video]` belongs to it."""
    after = without(FILE, ("platforms", "youtube"))
    assert list(tomllib.loads(after)["platforms"]) == ["twitch"]
    assert "# backup = true\n" in after


def test_a_removed_key_leaves_its_comment() -> None:
    """A comment may say why the key was there."""
    assert changed(without(FILE, (*TWITCH, "preset"))) == ['-  preset   =  "twitch"  # global', "+  # global"]


def test_a_new_table_comes_behind_its_siblings() -> None:
    """With a blank line on both sides, before the comment of the next table."""
    after = with_table(FILE, ("platforms", "kick"), {"preset": "kick", "key": {"credential": "kick"}})
    block = '\n[platforms.kick]\npreset = "kick"\nkey = { credential = "kick" }\n\n# Spanish.\n'
    assert f'bitrate = "3000k"\n{block}' in after
    assert after.replace(block, "\n# Spanish.\n") == FILE


def test_the_first_platform_of_a_channel_comes_behind_the_channel() -> None:
    """At the end of the file, if the channel is the last."""
    after = with_table(FILE, ("channels", "es", "platforms", "x"), {"preset": "x"})
    assert after == f'{FILE}\n[channels.es.platforms.x]\npreset = "x"\n'


def test_the_first_platform_of_main_comes_before_the_channels() -> None:
    """As a reader expects it."""
    text = "version = 1\n# end of the top\n\n# es\n[channels.es]\nkey = 1\n"
    after = with_table(text, ("platforms", "x"), {"preset": "x"})
    assert after == (
        'version = 1\n# end of the top\n\n[platforms.x]\npreset = "x"\n\n# es\n[channels.es]\nkey = 1\n'
    )


def test_a_new_table_comes_behind_the_comments_at_the_end_of_the_file() -> None:
    """`init` leaves platforms there that are commented out."""
    text = "version = 1\n\n# [platforms.NAME]\n# preset = …"
    assert with_table(text, ("platforms", "x"), {"preset": "x"}) == (
        f'{text}\n\n[platforms.x]\npreset = "x"\n'
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '[platforms]\n# a\ntwitch.preset = "x"  # y\n\n[notify]\n',
            '[platforms]\n# a\ntwitch.preset = "x"  # y\ntwitch.enabled = false\n\n[notify]\n',
        ),
        (
            '[platforms]\ntwitch = { preset = "x" }  # y\n',
            '[platforms]\ntwitch = { preset = "x", enabled = false }  # y\n',
        ),
        (
            'platforms = { twitch = { preset = "x" } }\n',
            'platforms = { twitch = { preset = "x", enabled = false } }\n',
        ),
        ('platforms.twitch.preset = "x"', 'platforms.twitch.preset = "x"\nplatforms.twitch.enabled = false'),
        (
            '\ufeff[platforms.twitch]\r\n# a\r\npreset = "x"\r\n\r\n# b\r\n[notify]\r\n',
            '\ufeff[platforms.twitch]\r\n# a\r\npreset = "x"\r\nenabled = false\r\n\r\n# b\r\n[notify]\r\n',
        ),
    ],
    ids=["dotted", "inline", "all-inline", "top", "windows"],
)
def test_other_ways_to_write_a_platform(text: str, expected: str) -> None:
    """The edit is written as its neighbours are, with the file's own line ends."""
    assert with_value(text, (*TWITCH, "enabled"), False).rstrip("\n") == expected.rstrip("\n")


def test_a_platform_between_braces_is_removed_there() -> None:
    """Its line stays for the others."""
    text = 'platforms = { twitch = { preset = "x" }, kick = { preset = "kick" } }  # ours\n'
    assert without(text, TWITCH) == 'platforms = { kick = { preset = "kick" } }  # ours\n'


def test_a_platform_between_braces_gets_a_sibling_there() -> None:
    """A table of that name would be written twice."""
    text = 'platforms = { twitch = { preset = "x" } }\n'
    assert with_table(text, ("platforms", "kick"), {"preset": "kick"}) == (
        'platforms = { twitch = { preset = "x" }, kick = { preset = "kick" } }\n'
    )


def test_what_cannot_be_edited_is_refused() -> None:
    """A table that is not there has no keys."""
    with pytest.raises(ByHandError, match=r"platforms\.kick\.enabled is written in a way") as refused:
        with_value(FILE, ("platforms", "kick", "enabled"), False)
    assert "by hand" in refused.value.hint
