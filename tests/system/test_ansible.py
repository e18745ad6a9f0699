"""The collection in examples/ansible, played by ansible-core against a machine that has its packages."""

import hashlib
import json
import subprocess
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.demo.install import ETC, INGEST_KEY, PUBLISH_URL
from tests.lab.container import SHARED, Container
from tests.lab.obs import Encoder, Obs
from tests.lab.platform import PlatformServer
from tests.lab.playbooks import Controller, PlayOutcome
from tests.system.derived_packages import derive
from tests.system.installation import TOML, Installation, changed
from tests.system.test_package import COMMAND, package

pytestmark = pytest.mark.system

NAMES = ("alpha", "beta")
LIVE_SECONDS = 60.0
WATCHED = ["Install the TOML"]
BY_HAND = ["Compare the machine with the TOML", "Apply the TOML"]


@dataclass
class Provisioned:
    """A machine on air that the playbook has made, and the variables that it was made from."""

    controller: Controller
    machine: Installation
    variables: dict[str, Any]
    first: PlayOutcome
    obs: Obs

    def play(self, variables: dict[str, Any], *options: str, name: str = "provision") -> PlayOutcome:
        """Play once; no key is in what Ansible says."""
        played = self.controller.play(name, variables, "--diff", *options)
        keys = {*self.variables["restream_credentials"].values(), *variables["restream_credentials"].values()}
        assert [key for key in keys if key in played.output] == []
        return played

    def files(self) -> str:
        """Return names, modes, times and contents of the configuration, as digests."""
        script = (
            f"cd {ETC} && find . -printf '%p %m %T@\\n' | sort && find . -type f | sort | xargs sha256sum"
        )
        return self.machine.container.run(("sh", "-c", script)).stdout


def variables_for(platforms: dict[str, PlatformServer]) -> dict[str, Any]:
    """Return what an inventory says of a machine with these platforms."""
    tables = {
        name: {"url": platform.url, "key": {"credential": name}} for name, platform in platforms.items()
    }
    return {
        "restream_package": str(package()),
        "restream_firewall": "nftables",
        "restream_credentials": {
            "ingest": INGEST_KEY,
            **{name: each.key for name, each in platforms.items()},
        },
        "restream_config": {
            "ingest": {"server": "nginx-rtmp", "key": {"credential": "ingest"}},
            "fallback": {"hold": "10min"},
            "platforms": tables,
        },
    }


@pytest.fixture(scope="module")
def provisioned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provisioned]:
    """Boot a machine without restream-agent, play once, and publish."""
    package()
    with Container() as container:
        platforms = {
            name: PlatformServer(container, name, key=f"{name}-stream-key", port=21000 + 10 * number)
            for number, name in enumerate(NAMES)
        }
        for platform in platforms.values():
            platform.start()
        variables = variables_for(platforms)
        controller = Controller(container, tmp_path_factory.mktemp("controller"))
        first = controller.play("provision", variables, "--diff")
        assert first.code == 0, first.output
        obs = Obs(container, PUBLISH_URL, Encoder(width=640, height=360, bitrate=600_000)).start()
        obs.wait_published(LIVE_SECONDS)
        machine = Installation(container, "nginx-rtmp", platforms, program=COMMAND)
        yield Provisioned(controller, machine, variables, first, obs)


def test_the_first_run_brings_a_broadcast_on_air(provisioned: Provisioned) -> None:
    """The publish was accepted, and both platforms get it."""
    machine = provisioned.machine
    machine.wait_on_air(NAMES)
    machine.container.wait_until(lambda: machine.state() == "live", 20, "OBS to be live")
    assert (
        provisioned.first.changed[-2:] == [*BY_HAND[:1], "Load the firewall's rules", "Apply the TOML"][-2:]
    )


def test_what_is_written_belongs_to_root(provisioned: Provisioned) -> None:
    """Keys are for root alone; the TOML may be read, as it names keys and has none."""
    paths = (TOML, f"{ETC}/credentials", f"{ETC}/credentials/alpha", f"{ETC}/credentials/ingest")
    argv = ("stat", "--format=%U %a", *paths)
    told = provisioned.machine.container.run(argv).stdout.splitlines()
    assert told == ["root 644", "root 700", "root 600", "root 600"]


def test_no_key_is_in_the_journal(provisioned: Provisioned) -> None:
    """Ansible's modules write their arguments there."""
    journal = provisioned.machine.container.journal()
    assert "ansible" in journal
    keys = provisioned.variables["restream_credentials"].values()
    assert [key for key in keys if key in journal] == []


def test_a_second_run_changes_nothing(provisioned: Provisioned) -> None:
    """No task says changed, no file is written, no unit starts anew."""
    units, files = provisioned.machine.runs(), provisioned.files()
    again = provisioned.play(provisioned.variables, "-vvv")
    assert (again.code, again.changed) == (0, []), again.output
    assert (provisioned.machine.runs(), provisioned.files()) == (units, files)


def test_an_edited_platform_restarts_its_relay_alone(provisioned: Provisioned) -> None:
    """The agent applies the TOML, once: Ansible waits for it. Check mode has told and shown what changes."""
    edited = deepcopy(provisioned.variables)
    edited["restream_config"]["platforms"]["beta"]["url"] = provisioned.machine.platforms["alpha"].url
    edited["restream_credentials"]["beta"] = "another-stream-key"
    units, files = provisioned.machine.runs(), provisioned.files()
    predicted = provisioned.play(edited, "--check")
    assert (provisioned.machine.runs(), provisioned.files()) == (units, files)
    applies = len(provisioned.machine.applied())
    played = provisioned.play(edited)
    assert played.code == 0, played.output
    assert played.changed == ["Store the keys", *WATCHED]
    assert predicted.changed == [*played.changed, "Compare the machine with the TOML"]
    assert '+url = "rtmp://127.0.0.1:21000/app"' in predicted.output
    assert len(provisioned.machine.applied()) == applies + 1
    restarted = changed(units, provisioned.machine.runs())
    assert restarted == {"ffmpeg-relay@beta.service": "restarted"}
    assert provisioned.play(provisioned.variables).code == 0


def test_a_changed_key_is_applied_by_hand(provisioned: Provisioned) -> None:
    """Nothing watches a key that is replaced. Only its relay is started anew."""
    edited = deepcopy(provisioned.variables)
    edited["restream_credentials"]["beta"] = "a-third-stream-key"
    units = provisioned.machine.runs()
    played = provisioned.play(edited)
    assert played.changed == ["Store the keys", *BY_HAND]
    assert changed(units, provisioned.machine.runs()) == {"ffmpeg-relay@beta.service": "restarted"}
    assert provisioned.play(provisioned.variables).code == 0


def test_a_video_comes_before_the_toml_that_names_it(provisioned: Provisioned, tmp_path: Path) -> None:
    """Check mode says so, and a second run brings nothing."""
    video = tmp_path / "break.mp4"
    make = (
        "ffmpeg",
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        "testsrc=duration=2:size=320x180:rate=30",
        str(video),
    )
    subprocess.run(make, check=True, timeout=60)
    edited = deepcopy(provisioned.variables)
    edited["restream_videos"] = [{"src": str(video), "dest": "/srv/streams/break.mp4"}]
    edited["restream_config"]["fallback"]["video"] = "/srv/streams/break.mp4"
    predicted = provisioned.play(edited, "--check")
    assert predicted.code == 0, predicted.output
    played = provisioned.play(edited)
    assert played.code == 0, played.output
    assert {"Bring the videos", "Install the TOML"} <= set(played.changed) & set(predicted.changed)
    again = provisioned.play(edited)
    assert (again.code, again.changed) == (0, []), again.output
    assert provisioned.play(provisioned.variables).code == 0


def test_a_newer_package_comes_by_url(provisioned: Provisioned) -> None:
    """With its checksum; another checksum fails the play, and what is installed stays."""
    container = provisioned.machine.container
    newer = derive(package(), container.shared, "1url", {})
    digest = hashlib.sha256(newer.read_bytes()).hexdigest()
    by_url = provisioned.variables | {
        "restream_package": f"http://127.0.0.1:8099/{newer.name}",
        "restream_package_checksum": "sha256:" + digest[::-1],
    }
    argv = ("python3", "-m", "http.server", "--bind", "127.0.0.1", "--directory", str(SHARED), "8099")
    with provisioned.machine.serving(8099, *argv):
        wrong = provisioned.play(by_url)
        assert (wrong.code, wrong.failed) == (2, ["Download the package"]), wrong.output
        by_url["restream_package_checksum"] = f"sha256:{digest}"
        played = provisioned.play(by_url)
        assert (played.code, played.changed) == (0, ["Download the package", "Install the package"]), (
            played.output
        )
        assert json.loads(provisioned.machine.product("status", "--json"))["version"].endswith(".1url")
        again = provisioned.play(by_url)
        assert (again.code, again.changed) == (0, []), again.output
    assert provisioned.play(provisioned.variables).code == 0  # a downgrade


def test_rules_of_ufw_follow_the_variables(provisioned: Provisioned) -> None:
    """A source that is named no more is let in no more; rules of others stay, also at the removal."""
    machine, tags = provisioned.machine.container, ("--tags", "restream_firewall")

    def rules() -> list[str]:
        return machine.run(("ufw", "show", "added")).stdout.splitlines()[1:]

    machine.run(("ufw", "allow", "22/tcp"))
    for sources, wanted in [
        ([], ["ufw limit 1935/tcp"]),
        (["192.0.2.7/24", "2001:db8::1"], ["ufw allow from 192.0.2.0/24", "ufw allow from 2001:db8::1"]),
        (["2001:db8::1"], ["ufw allow from 2001:db8::1"]),
    ]:
        variables = {"restream_firewall": "ufw", "restream_firewall_sources": sources}
        predicted = provisioned.play(provisioned.variables | variables, *tags, "--check")
        played = provisioned.play(provisioned.variables | variables, *tags)
        assert played.code == 0, played.output
        assert played.changed == predicted.changed != []
        ours = [rule for rule in rules() if "restream-agent" in rule]
        assert [rule.startswith(words) for rule, words in zip(ours, wanted, strict=True)] == [True] * len(
            ours
        )
        again = provisioned.play(provisioned.variables | variables, *tags)
        assert (again.code, again.changed) == (0, []), again.output
    assert "ufw allow 22/tcp" in rules()


@pytest.mark.parametrize("options", [(), ("--check",)], ids=["played", "checked"])
def test_a_broken_toml_fails_and_changes_nothing(provisioned: Provisioned, options: tuple[str, ...]) -> None:
    """Not even a key that comes with it is stored. The message has place, key and what to write."""
    broken = deepcopy(provisioned.variables)
    broken["restream_config"]["fallback"]["hold"] = "half an hour"
    broken["restream_credentials"]["gamma"] = "a-fourth-stream-key"
    units, files = provisioned.machine.runs(), provisioned.files()
    played = provisioned.play(broken, *options)
    assert played.code == 2
    assert played.failed == ["Refuse a TOML that cannot be applied"]
    assert 'fallback.hold: \\"half an hour\\" is not a time span' in played.output
    assert played.changed == []
    assert (provisioned.machine.runs(), provisioned.files()) == (units, files)


def test_a_toml_with_a_key_in_it_is_not_shown(provisioned: Provisioned, tmp_path: Path) -> None:
    """It comes from a template here. Diff mode shows nothing of it; what is masked by check stays so."""
    template = tmp_path / "restream.toml.j2"
    text = provisioned.machine.container.read(TOML).replace(
        'key = { credential = "beta" }', 'key = "{{ written_key }}"'
    )
    template.write_text(text)
    written = {
        **provisioned.variables,
        "restream_config": {},
        "restream_config_template": str(template),
        "written_key": "key-in-the-clear-0123",
    }
    played = provisioned.play(written, "--check")
    assert (played.code, "Install the TOML" in played.changed) == (0, True), played.output
    assert "key-in-the-clear-0123" not in played.output
    assert "key-in-the-clear-0123" not in provisioned.machine.container.journal()


def test_the_removal_removes(provisioned: Provisioned) -> None:
    """With restream_purge also TOML and keys. It is the last test of this file."""
    provisioned.obs.kill()
    played = provisioned.play({**provisioned.variables, "restream_purge": True}, name="remove")
    assert played.code == 0, played.output
    container = provisioned.machine.container
    left = container.run(
        ("sh", "-c", f"ls -d {ETC} /var/lib/restream-agent /usr/lib/restream-agent"), check=False
    )
    assert left.stdout == ""
    assert provisioned.machine.runs() == {}
    assert "restream_ingest" not in container.run(("nft", "list", "ruleset")).stdout
    assert container.run(("ufw", "show", "added")).stdout.splitlines()[1:] == ["ufw allow 22/tcp"]
    again = provisioned.play({**provisioned.variables, "restream_purge": True}, name="remove")
    assert (again.code, again.changed) == (0, []), again.output
