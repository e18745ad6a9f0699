"""Each key of the TOML explains itself."""

import pytest

from restream_agent.base.errors import RestreamError
from restream_agent.config.explain import explain
from restream_agent.config.keys import known_keys
from restream_agent.config.model import Config
from restream_agent.config.reference import TABLES

KEYS = [
    *known_keys(Config),
    *(f"{title}.{key}" for title, model in TABLES if " " not in title for key in known_keys(model)),
]


def test_a_key_has_its_words_type_default_and_example() -> None:
    """All of it from the model."""
    assert explain("fallback.hold") == (
        "fallback.hold\n\n"
        '  How long the fallback keeps a broadcast on air while OBS is gone. "0s" ends\n'
        '  the broadcast at once, "forever" never ends it.\n\n'
        '  may be   time span, or "forever"\n'
        '  default  "30min"\n'
        '  example  hold = "30min"'
    )


@pytest.mark.parametrize("key", KEYS)
def test_every_key_of_the_reference_is_explained(key: str) -> None:
    """In whole sentences and lines that fit a terminal, but for an example, which is to be copied."""
    text = explain(key)
    has_names = key.rpartition(".")[2] in ("platforms", "channels") and not key.startswith("fallback.")
    assert text.splitlines()[0] == (f"{key}.NAME" if has_names else key)
    assert [line for line in text.splitlines() if len(line) > 80 and not line.startswith("  example ")] == []
    assert "…" not in text


def test_a_long_sentence_goes_on_below_itself() -> None:
    """In the list of a table's keys."""
    lines = explain("notify").splitlines()
    assert "  every    After three messages about the same subject, further ones are" in lines
    assert "           combined into one message per this time" in lines


def test_the_whole_file_lists_its_tables() -> None:
    """Without a key."""
    assert all(f"\n  {name} " in explain("") for name in known_keys(Config))


@pytest.mark.parametrize(
    ("key", "title"),
    [
        ("platforms.twitch.key", "platforms.NAME.key"),
        ("platforms.url", "platforms.NAME.url"),
        ("platforms.twitch", "platforms.NAME"),
        ("platforms.url.url", "platforms.NAME.url"),
        ("channels.es.platforms.twitch.video.fps", "channels.NAME.platforms.NAME.video.fps"),
        ("[ingest]", "ingest"),
        ("ingest.key.credential", "ingest.key.credential"),
    ],
)
def test_a_name_stands_for_any_name(key: str, title: str) -> None:
    """Or is left out."""
    assert explain(key).splitlines()[0] == title


@pytest.mark.parametrize(
    ("key", "message", "hint"),
    [
        ("fallback.holdd", "fallback.holdd is not a key", "did you mean fallback.hold?"),
        ("platforms.x.urll", "platforms.NAME.urll is not a key", "did you mean platforms.NAME.url?"),
        (
            "zzz",
            "zzz is not a key",
            "the keys there are version, ingest, fallback, relay, agent, platforms, notify, channels",
        ),
        ("fallback.hold.x", "fallback.hold.x is not a key", "fallback.hold is no table"),
    ],
)
def test_an_unknown_key_is_an_error_with_a_hint(key: str, message: str, hint: str) -> None:
    """The key that is spelled most like it, or the keys that there are."""
    with pytest.raises(RestreamError) as caught:
        explain(key)
    assert (caught.value.message, caught.value.hint) == (message, hint)
