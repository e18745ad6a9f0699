"""The machine's policy: its file, what it opens, and the line that it asks for."""

import re
import tomllib
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest
from pydantic import TypeAdapter

from restream_agent.base.errors import ConfigError
from restream_agent.config.keys import toml_value
from restream_agent.config.load import load
from restream_agent.config.policy import Policy, load_policy
from restream_agent.config.policy_rules import policy_line, policy_problems, refusals
from restream_agent.config.reference import fields_of, policy_schema
from restream_agent.config.table import type_words

HEAD = 'version = 1\n[ingest]\nkey = { credential = "i" }\n'
EVERYTHING = """
binary = "/opt/srs/srs"
[fallback]
video = ["/srv/in.mp4", "/home/alice/a.mp4"]
[platforms.club]
url = "rtmps://Live.Example.org/app"
key = { file = "/opt/keys/club" }
[notify]
command = ["/usr/local/bin/tell", "a b"]
webhook = "https://hooks.example.org/x"
"""
OPEN = """
videos = ["/home/alice/"]
key_files = ["/opt/keys/"]
commands = [["/usr/local/bin/tell", "a b"]]
binaries = ["/opt/srs/srs"]
hosts = ["live.example.org", "HOOKS.example.org."]
"""
VIDEOS = {"fallback.video[0]": Path("/srv/in.mp4"), "fallback.video[1]": Path("/home/alice/a.mp4")}


def refused(toml: str, policy: str, videos: dict[str, Path] | None = None) -> list[str]:
    """Return the keys of a TOML that a policy refuses."""
    found = refusals(load(HEAD + toml, source="t"), load_policy(policy, source="p"), videos or {})
    return [refusal.option for refusal in found]


def complaints(text: str) -> list[str]:
    """Return what is said of a policy's text, each in a line without its hint."""
    with pytest.raises(ConfigError) as caught:
        load_policy(text, source="policy.toml")
    return [f"{each.place}: {each.path}: {each.message}" for each in caught.value.problems]


def test_a_policy_that_says_nothing_closes_everything_but_hosts() -> None:
    """Whatever is not said is as without a file."""
    expected = ["fallback.video[1]", "platforms.club.key", "notify.command", "ingest.binary"]
    assert load_policy("", source="p") == Policy()
    assert expected == refused(EVERYTHING, "version = 1\n", VIDEOS)


def test_a_policy_may_open_everything_that_a_file_says() -> None:
    """Directories with a slash, commands with exactly their arguments, hosts in any spelling."""
    assert refused(EVERYTHING, OPEN, VIDEOS) == []


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('videos = ["/home/alice"]', "fallback.video[1]"),
        ('videos = ["/home/ali/", "/home/alice/a.mp"]', "fallback.video[1]"),
        ('key_files = ["/opt/keys"]', "platforms.club.key"),
        ('commands = [["/usr/local/bin/tell"]]', "notify.command"),
        ('commands = [["/usr/local/bin/tell", "a b", "c"]]', "notify.command"),
        ('binaries = ["/opt/"]\nhosts = ["example.org", "hooks.example.org"]', "platforms.club.url"),
        ('hosts = ["live.example.org"]', "notify.webhook"),
    ],
)
def test_nearly_open_is_closed(line: str, key: str) -> None:
    """A directory needs its slash, a command its arguments; a host is no domain."""
    assert key in refused(EVERYTHING, line, VIDEOS)


def test_a_preset_and_a_webhook_of_a_credential_need_no_host() -> None:
    """The administrator has stored the URL, and the presets are ours."""
    toml = '[platforms.t]\npreset = "twitch"\nkey = { credential = "t" }\n'
    toml += '[notify]\nwebhook = { credential = "w" }\n'
    assert refused(toml, "hosts = []") == []


def test_a_path_with_dots_is_where_it_leads() -> None:
    """/srv/.. is not in /srv."""
    dotted = {"fallback.video[0]": Path("/srv/../etc/passwd"), "fallback.video[1]": Path("/x/../srv/a.mp4")}
    assert refused("", "", dotted) == ["fallback.video[0]"]


def test_the_line_opens_what_it_is_for() -> None:
    """Written into the policy, the lines leave nothing refused, and what was open stays open."""
    config = load(HEAD + EVERYTHING, source="t")
    policy = load_policy('videos = ["/old/"]\nhosts = []\n', source="p")
    found = refusals(config, policy, VIDEOS)
    keys = dict.fromkeys(refusal.policy_key for refusal in found)
    text = "\n".join(policy_line(policy, found, key) for key in keys)
    opened = load_policy(text, source="p")
    assert refusals(config, opened, VIDEOS) == ()
    assert opened.videos == ("/old/", "/home/alice/a.mp4")
    hints = [problem.hint for problem in policy_problems(policy, found, "t")]
    assert all(hint.startswith("root may allow it in /etc/restream-agent/policy.toml: ") for hint in hints)
    assert {hint.partition(": ")[2] for hint in hints} == set(text.splitlines())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("vidoes = []", "policy.toml:1:1: vidoes: is not a known key"),
        ("\nversion = 2", "policy.toml:2:11: version: must be 1"),
        ('videos = "/home/"', "policy.toml:1:10: videos: must be a list of absolute paths, each in quotes"),
        ('videos = ["home"]', "policy.toml:1:10: videos: must be an absolute path"),
        ('videos = ["/a/../b/"]', "policy.toml:1:10: videos: must be a path without . and .."),
        ("key_files = [1]", "policy.toml:1:13: key_files: must be a path in quotes"),
        (
            'commands = ["/bin/true"]',
            "policy.toml:1:12: commands: must be a list of commands, each a list: a program and its "
            "arguments",
        ),
        ('commands = [["true"]]', "policy.toml:1:12: commands: must begin with the program's absolute path"),
        ('hosts = "a"', "policy.toml:1:9: hosts: must be a list of hosts, each in quotes"),
        (
            'hosts = ["https://a"]',
            "policy.toml:1:9: hosts: holds something else than a host's name or address",
        ),
    ],
)
def test_a_mistake_in_the_policy_is_told_with_its_place(text: str, said: str) -> None:
    """And nothing else is."""
    assert [said] == [re.sub(r" \(.*", "", each) for each in complaints(text)]


def test_all_mistakes_come_in_one_go() -> None:
    """Also one of the TOML itself."""
    said = complaints("videos = 1\nhosts = 2\nbinaries = x y\n")
    assert [each.split(": ")[0] for each in said][:2] == ["policy.toml:1:10", "policy.toml:2:9"]
    assert len(said) == 3


def test_every_key_is_described_and_its_example_is_valid() -> None:
    """In the reference and in the schema that editors read."""
    validate = fastjsonschema.compile(policy_schema())
    for name, field in fields_of(Policy):
        assert field.description
        assert type_words(field)
        (example,) = field.examples or [None]
        said: dict[str, Any] = tomllib.loads(f"{name} = {toml_value(example)}")
        TypeAdapter[object](field.rebuild_annotation()).validate_python(said[name])
        validate(said)
    assert {name for name, _ in fields_of(Policy)} == set(Policy.model_fields)
