"""The diff of an edit shows what changes, and no key."""

import pytest

from restream_agent.config.toml_diff import HIDDEN, diff, hidden


def test_a_diff_has_the_files_name_and_the_lines_around() -> None:
    """As git shows it."""
    before = "version = 1\n\n[platforms.x]\nenabled = true\n"
    assert diff(before, before.replace("true", "false"), "/etc/x.toml") == (
        "--- /etc/x.toml\n+++ /etc/x.toml\n@@ -1,4 +1,4 @@\n version = 1\n \n [platforms.x]\n"
        "-enabled = true\n+enabled = false\n"
    )
    assert diff(before, before, "x") == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('[platforms.x]\nkey = "live_1"  # mine\n', '[platforms.x]\nkey = "…"  # mine\n'),
        ("[platforms.x]\nkey = '''live_1'''\n", '[platforms.x]\nkey = "…"\n'),
        ('platforms = { x = { key = "live_1" } }\n', 'platforms = { x = { key = "…" } }\n'),
        ('[platforms.x]\nkey.credential = "x"\n', '[platforms.x]\nkey.credential = "x"\n'),
        ('[ingest]\nkey = "live_1"', '[ingest]\nkey = "…"'),
        ('[channels.es]\nkey = "live_1"', '[channels.es]\nkey = "…"'),
        ('[notify]\nwebhook = "https://live_1"', '[notify]\nwebhook = "…"'),
        ('[platforms.x]\nkye = "live_1"', '[platforms.x]\nkye = "…"'),
        ('[platforms.x]\nkey = ["live_1"]', '[platforms.x]\nkey = "…"'),
        ('[platforms.x]\nurl = "rtmp://h/app/live_1"', '[platforms.x]\nurl = "rtmp://h/app/…"'),
        ('[platforms.x]\nurl = "rtmp://h/app?live_1"', '[platforms.x]\nurl = "rtmp://h/app/…"'),
        ('[platforms.x]\nurl = "rtmp://a:live_1@h/app"', '[platforms.x]\nurl = "…"'),
        ('[platforms.x]\nurl = "rtmps://h:443/app"', '[platforms.x]\nurl = "rtmps://h:443/app"'),
        ('# key = "live_1"\n', '# key = "…"\n'),
        ("# key = live_1\n", "# key = …\n"),
        ('# key = { plain = "live_1" }\n', '# key = { plain = "…" }\n'),
        ("# the old one: live_1_1234567_AbCd\n", "# the old one: …\n"),
        ("# url = 'rtmp://h/app/live_1'\n", "# url = 'rtmp://h/app/…'\n"),
        ("version = 1  # was live_1_1234567_AbCd?\n", "version = 1  # was …?\n"),
    ],
)
def test_no_key_is_shown(text: str, shown: str) -> None:
    """Wherever the file holds it, also where it does not belong."""
    assert hidden(text) == shown
    assert "live_1" not in hidden(text)


def test_a_change_of_a_key_is_told_without_it() -> None:
    """Both look alike when they are hidden."""
    text = diff('[ingest]\nkey = "live_1"\n', '[ingest]\nkey = "live_2"\n', "x")
    assert text == "--- x\n+++ x\n@@ a key changes, not shown @@\n"
    assert HIDDEN not in text
