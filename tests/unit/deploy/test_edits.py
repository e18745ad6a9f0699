"""What an apply changes in the words of the TOML's author."""

import pytest

from restream_agent.config.leaves import leaves
from restream_agent.config.load import load
from restream_agent.deploy.edits import edits

HEAD = 'version = 1\n[ingest]\nkey = { credential = "ingest" }\n'
TWITCH = '[platforms.twitch]\npreset = "twitch"\nkey = { credential = "twitch" }\n'
VIDEO = 'video = { bitrate = "3M", height = 720 }\n'
YOUTUBE = TWITCH.replace("twitch", "youtube")
ES = (
    '[channels.es]\nkey = { credential = "ingest-es" }\n[channels.es.fallback]\nmessage = "x"\n'
    '[channels.es.platforms.kick]\nurl = "rtmp://h/app"\nkey = { credential = "kick" }\n'
)


def said_of(before: str, after: str, *secrets: str) -> list[str]:
    """Return the edits from one text to another, both below the same head."""
    old, new = (leaves(load(HEAD + text, source="t")) for text in (before, after))
    was, now = ({key: leaf.value for key, leaf in each.items()} for each in (old, new))
    return list(map(str, edits(was, now, new, secrets=secrets)))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (TWITCH, TWITCH, []),
        (TWITCH, TWITCH + '[fallback]\nhold = "30min"\n', []),
        (TWITCH, TWITCH + '[fallback]\nvideo = "/v.mp4"\nhold = "20min"\n', ["fallback: video, hold"]),
        (TWITCH + '[fallback]\nhold = "forever"\n', TWITCH, ["fallback: hold"]),
        (TWITCH, TWITCH + "enabled = false\n", ["twitch: disabled"]),
        (TWITCH + "enabled = false\n", TWITCH, ["twitch: enabled"]),
        (TWITCH, TWITCH + VIDEO, ["twitch: video"]),
        (TWITCH + VIDEO, TWITCH, ["twitch: video"]),
        (TWITCH + VIDEO, TWITCH + VIDEO.replace("720", "480"), ["twitch: video.height"]),
        (TWITCH, TWITCH.replace('preset = "twitch"', 'url = "rtmp://h/app"'), ["twitch: preset, url"]),
        (TWITCH, TWITCH.replace("{ credential", "{ file").replace('file = "', 'file = "/'), ["twitch: key"]),
        (TWITCH, TWITCH + YOUTUBE, ["youtube: added"]),
        (TWITCH, TWITCH + YOUTUBE + "enabled = false\n", ["youtube: added, disabled"]),
        (TWITCH + YOUTUBE, TWITCH, ["youtube: removed"]),
        (TWITCH, TWITCH + '[notify]\nwebhook = "https://h/x"\n', ["notify: webhook"]),
        (TWITCH, TWITCH + ES, ["channel es: added", "es.kick: added"]),
        (TWITCH + ES, TWITCH, ["channel es: removed", "es.kick: removed"]),
        (TWITCH + ES, TWITCH + ES.replace('"x"', '"y"'), ["es.fallback: message"]),
        (TWITCH + ES, TWITCH + ES.replace('"ingest-es"', '"other"'), ["channel es: key"]),
        (TWITCH + ES, TWITCH + ES.replace("//h", "//other"), ["es.kick: url"]),
    ],
)  # fmt: skip
def test_edits_are_told_by_table(before: str, after: str, words: list[str]) -> None:
    """Each table once, with its keys; a table that comes or goes has one word; defaults are no edits."""
    assert said_of(before, after) == words


def test_a_stored_key_that_was_replaced_is_an_edit() -> None:
    """Though the TOML says the same; told once if the TOML names another, too."""
    assert said_of(TWITCH, TWITCH, "platforms.twitch.key") == ["twitch: key"]
    other = TWITCH.replace('credential = "twitch"', 'credential = "other"')
    assert said_of(TWITCH, other, "platforms.twitch.key") == ["twitch: key"]


def test_a_key_that_only_a_new_version_knows_is_no_edit() -> None:
    """Until the author writes it."""
    now = leaves(load(HEAD + '[fallback]\nopening = "9s"\n', source="t"))
    after = {key: leaf.value for key, leaf in now.items()}
    before = {key: value for key, value in after.items() if key not in ("fallback.opening", "fallback.hold")}
    assert [str(each) for each in edits(before, after, now, secrets=())] == ["fallback: opening"]
