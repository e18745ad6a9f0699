"""The polkit rule allows the units that can exist, and no other names."""

import json
import re
import shutil
import subprocess

import pytest

from restream_agent.base import paths
from restream_agent.base.file_tree import File
from restream_agent.config.load import load
from restream_agent.render import assets
from restream_agent.render.tree import render
from restream_agent.systemd import unit_names
from tests.golden.rendering import fixed_facts

NAMES = (
    "a", "main", "youtube-backup", "A.b_c-9", "0", "x" * 100,
    "", "x" * 101, "-x", ".x", "_x", "a@b", "a/b", "a b", "a:b", "a\\x2db", "a\n", "ä", "%i",
    "a.service/../b",
)  # fmt: skip
NODE = """
let rule;
const Result = {YES: "yes", NO: "no", NOT_HANDLED: "not handled"};
global.polkit = {Result, addRule: given => { rule = given; }};
const [text, calls] = JSON.parse(require("fs").readFileSync(0, "utf8"));
eval(text);
const answer = ([id, user, unit, verb]) =>
    rule({id, lookup: key => ({unit, verb})[key]}, {user});
console.log(JSON.stringify(calls.map(answer)));
"""
MANAGE = "org.freedesktop.systemd1.manage-units"


def rule() -> str:
    config = load('version = 1\n[ingest]\nkey = "any"\n[platforms.a]\nurl = "rtmp://h/a/k"\n', source="t")
    entry = render(config, fixed_facts(config), assets.load())[paths.POLKIT_RULE]
    assert isinstance(entry, File)
    return entry.content


def answers(*calls: tuple[str, str, str, str]) -> list[str]:
    """Return what the rule says to each (action, user, unit, verb), in node."""
    done = subprocess.run(
        ("node", "-e", NODE),
        input=json.dumps([rule(), calls]),
        timeout=30,
        check=True,
        capture_output=True,
        text=True,
    )
    said: list[str] = json.loads(done.stdout)
    return said


needs_node = pytest.mark.skipif(not shutil.which("node"), reason="node not found")


def test_the_patterns_are_those_of_the_unit_names() -> None:
    """Both spellings are in the rule: this pattern means the same in JavaScript and in Python."""
    assert re.findall(r"/(\^.*?\$)/\.test", rule()) == [
        rf"^live@{unit_names.INSTANCE.pattern}\.service$",
        rf"^ffmpeg-relay@{unit_names.INSTANCE.pattern}\.service$",
    ]
    assert re.fullmatch(r"[A-Za-z0-9\[\]{},_.-]+", unit_names.INSTANCE.pattern)


@needs_node
@pytest.mark.parametrize("template", [unit_names.LIVE_TEMPLATE, unit_names.RELAY_TEMPLATE])
def test_an_instance_may_be_started_exactly_if_it_can_exist(template: str) -> None:
    """JavaScript's reading of the pattern against Python's, name by name."""
    units = [template.replace("@.", f"@{name}.") for name in NAMES]
    expected = ["yes" if unit_names.is_instance(name) else "no" for name in NAMES]
    assert answers(*((MANAGE, "restream", unit, "start") for unit in units)) == expected
    assert set(expected) == {"yes", "no"}


@needs_node
@pytest.mark.parametrize(
    ("unit", "verbs"),
    [
        ("fallback.service", "start stop restart reload"),
        ("restream.target", "start stop restart reload"),
        ("restream-apply.service", "start stop restart reload"),
        ("restream-fallback-prepare.service", "start stop restart reload"),
        ("restream-off-air.service", "start stop restart reload"),
        ("restream-off-air.timer", "start stop restart reload"),
        ("live@main.service", "start stop restart reload"),
        ("ffmpeg-relay@twitch.service", "start stop restart reload kill"),
        ("restream-ingest.service", "restart"),
        ("restream-agent.service", ""),
        ("fallback.socket", ""),
        ("live@main.service.wants", ""),
        ("x-live@main.service", ""),
    ],
)
def test_each_unit_has_its_verbs(unit: str, verbs: str) -> None:
    """Of all the verbs that systemd asks polkit about, for the user restream."""
    asked = ("start", "stop", "restart", "reload", "kill", "freeze", "set-property", "reset-failed", "ref")
    said = answers(*((MANAGE, "restream", unit, verb) for verb in asked))
    assert [verb for verb, answer in zip(asked, said, strict=True) if answer == "yes"] == verbs.split()


@needs_node
def test_other_users_and_other_actions_are_not_handled() -> None:
    """The rule says nothing about them, neither yes nor no."""
    said = answers(
        (MANAGE, "root", "restream.target", "start"),
        ("org.freedesktop.systemd1.manage-unit-files", "restream", "restream.target", "enable"),
    )
    assert said == ["not handled", "not handled"]
