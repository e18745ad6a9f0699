"""The man page restream.toml(5) says what the models say."""

import re

from restream_agent.config.load import load
from restream_agent.config.presets import presets
from restream_agent.config.reference import TABLES, fields_of
from restream_agent.config.toml_manual import EXAMPLE, PLACE, generate

PAGE = generate()[PLACE]


def test_the_page_has_every_key_of_every_table() -> None:
    """Each below the heading of its table, with its description."""
    parts = re.split(r'^\.S[SH] "(.+)"$', PAGE, flags=re.MULTILINE)
    texts = dict(zip(parts[1::2], parts[2::2], strict=True))
    for title, model in TABLES:
        text = texts[title[0].upper() + title[1:] if " " in title else f"[{title}]"]
        tags = re.findall(r"^\.TP\n\\fB(.+?)\\fP", text, re.MULTILINE)
        assert [tag.replace("\\-", "-") for tag in tags] == [name for name, _ in fields_of(model)]


def test_the_page_has_every_preset() -> None:
    """By name."""
    text = PAGE.partition('.SH "PRESETS"')[2].partition(".SH")[0]
    assert re.findall(r"^\.TP\n\\fB(.+)\\fP$", text, re.MULTILINE) == list(presets())


def test_the_example_is_a_valid_configuration() -> None:
    """It can be copied."""
    assert load(EXAMPLE, source="example").platforms


def test_an_example_that_is_the_default_is_left_out() -> None:
    """The tag has it already."""
    assert "Example:\n\\fBserver\\~=\\~\\(dqsrs" not in PAGE
    assert "Example:\n\\fBbinary\\~=\\~\\(dq/usr/local/srs/objs/srs\\(dq\\fP" in PAGE
