"""Edits as editors, git and administrators make them: one apply each, and none without a reason."""

import json

import pytest

from tests.demo.install import ETC, POLICY, PROGRAM
from tests.system.installation import SETTLED, TOML, Installation

pytestmark = pytest.mark.system

QUIET = 8.0  # seconds; the agent looks at the files every 5 s, and waits 1 s for further edits
NEW = "/run/new.toml"
EDITS = {
    "nano": f"cat {NEW} > {TOML}",
    "cp": f"cp {NEW} {TOML}",
    "install": f"install -m 644 {NEW} {TOML}",
    "emacs": f"cp {NEW} {ETC}/#restream.toml# && mv {ETC}/#restream.toml# {TOML}",
    "vim": f"mv {TOML} {TOML}~ && cp {NEW} {TOML} && rm {TOML}~",
    "sed": f"sed -i '$a# sed' {TOML}",
    "git checkout": f"rm {TOML} && sleep 0.3 && cp {NEW} {TOML}",
    "ten saves": f"for n in $(seq 10); do cp {NEW} {TOML}; echo \"# $n\" >> {TOML}; sleep 0.2; done",
    "a slow copy": f"(head -c 30 {NEW}; sleep 3; tail -c +31 {NEW}) > {TOML}",
    "a link": f"cp {NEW} /srv/restream.toml && ln -sf /srv/restream.toml {TOML}",
    "behind the link": f"cp {NEW} /srv/other.toml && mv /srv/other.toml /srv/restream.toml",
    "..data": f"mkdir {ETC}/..1 && cp {NEW} {ETC}/..1/restream.toml && ln -sfn ..1 {ETC}/..data"
    f" && ln -sf ..data/restream.toml {TOML}",
    "another ..data": f"mkdir {ETC}/..2 && cp {NEW} {ETC}/..2/restream.toml && ln -s ..2 {ETC}/..new"
    f" && mv -T {ETC}/..new {ETC}/..data && rm -r {ETC}/..1",
    "a file again": f"cp --remove-destination {NEW} {TOML} && rm -r {ETC}/..2 {ETC}/..data",
}  # fmt: skip
NO_EDITS = {
    "touch and chmod": f"touch {TOML}; chmod 600 {TOML}; chmod 644 {TOML}",
    "the same again": f"cp {TOML} {NEW}; cp {NEW} {TOML}",
    "back at once": f"cp {TOML} {NEW}; echo '# oops' >> {TOML}; cp {NEW} {TOML}",
    "away for a while": f"mv {TOML} /srv/away; sleep 3; mv /srv/away {TOML}",
}
KEYLESS = '\n[platforms.late]\nurl = "rtmp://127.0.0.1:21000/app"\nkey = { credential = "late" }\n'
KEY_FILE = "/etc/restream-keys/filed"
FILED = f'\n[platforms.filed]\nurl = "rtmp://127.0.0.1:21010/app"\nkey = {{ file = "{KEY_FILE}" }}\n'


@pytest.fixture(scope="module", autouse=True)
def policy(applied: Installation) -> None:
    """Open the file that a key comes from."""
    applied.container.write(POLICY, f'key_files = ["{KEY_FILE}"]\n')


def shell(installation: Installation, script: str) -> None:
    installation.container.run(("sh", "-ec", script), timeout=60)


def wait_applied(installation: Installation, before: int) -> None:
    """Wait until one more apply by the agent has ended, well."""
    ended = installation.applied
    installation.container.wait_until(lambda: len(ended()) > before, SETTLED, "the edit to be applied")
    assert ended()[-1], "\n".join(installation.words("restream-apply.service"))


def wait_quiet(installation: Installation, applies: int) -> None:
    """Let the time pass in which the agent would apply something, and see that it does not."""
    shell(installation, f"sleep {QUIET}")
    assert len(installation.applied()) == applies, "\n".join(installation.words("restream-apply.service"))


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_applied_once(applied: Installation, name: str) -> None:
    """Whatever it is made with."""
    before = len(applied.applied())
    applied.container.write(NEW, f"{applied.toml}# {name}\n")
    shell(applied, EDITS[name])
    wait_applied(applied, before)
    wait_quiet(applied, before + 1)


@pytest.mark.parametrize("name", NO_EDITS)
def test_what_is_no_edit_is_not_applied(applied: Installation, name: str) -> None:
    """The content is what was applied before."""
    before = len(applied.applied())
    shell(applied, NO_EDITS[name])
    wait_quiet(applied, before)


def test_a_touch_of_a_file_for_root_alone_changes_nothing(applied: Installation) -> None:
    """The agent cannot read it; restream-apply looks and does no more."""
    before, manifest = len(applied.applied()), applied.manifest()
    shell(applied, f"chmod 600 {TOML}; touch {TOML}")
    wait_applied(applied, before)
    assert "the TOML was written again with the same content" in "\n".join(
        applied.words("restream-apply.service")
    )
    assert manifest == applied.manifest()
    shell(applied, f"chmod 644 {TOML}")


def test_the_directory_may_be_made_anew(applied: Installation) -> None:
    """It is watched as before."""
    before = len(applied.applied())
    shell(applied, f"cp -a {ETC} {ETC}.new && mv {ETC} {ETC}.old && mv {ETC}.new {ETC} && rm -r {ETC}.old")
    wait_quiet(applied, before)
    applied.edit(f"{applied.toml}# in the new directory\n")


def test_platforms_in_files_of_their_own_are_applied(applied: Installation) -> None:
    """From the first one on, whose directory is new; and when they go."""
    unit = "/etc/systemd/system/ffmpeg-relay@piece.service.d"
    before = len(applied.applied())
    piece = f"{ETC}/platforms.d/piece.toml"
    applied.container.write(piece, CLUB_ELSEWHERE)
    wait_applied(applied, before)
    shell(applied, f"test -d {unit}")
    shell(applied, f"rm -r {ETC}/platforms.d")
    wait_applied(applied, before + 1)
    shell(applied, f"test ! -d {unit}")


CLUB_ELSEWHERE = '[platforms.piece]\nurl = "rtmp://127.0.0.1:21020/app"\nkey = { credential = "club" }\n'


@pytest.mark.parametrize(
    ("table", "store"),
    [
        (KEYLESS, f"echo late-key | {PROGRAM} secret set late"),
        (KEYLESS, f"umask 077; echo late-key > {ETC}/credentials/late"),
        (FILED, f"umask 077; mkdir -p /etc/restream-keys; echo filed-key > {KEY_FILE}"),
    ],
)
def test_a_key_that_comes_later_completes_the_edit(applied: Installation, table: str, store: str) -> None:
    """Without another command, once, and nothing is waited for any more."""
    good = applied.toml
    shell(applied, f"rm -rf {ETC}/credentials/late /etc/restream-keys")
    applied.edit(good + table, succeeds=False)
    assert json.loads(applied.product("status", "--json"))["config"] == "refused"
    assert applied.container.is_active("restream-apply.path")
    before = len(applied.applied())
    shell(applied, store)
    wait_applied(applied, before)
    wait_quiet(applied, before + 1)
    assert not applied.container.is_active("restream-apply.path")
    applied.container.wait_until(
        lambda: json.loads(applied.product("status", "--json"))["config"] == "ok", SETTLED, "the status"
    )
    assert applied.product("diff") == ""
    applied.edit(good)


def test_an_apply_by_hand_says_what_is_waited_for(applied: Installation) -> None:
    """And the edit is not applied again by the agent when it was applied by hand."""
    shell(applied, f"rm -f {ETC}/credentials/late; systemctl stop restream-agent.service")
    applied.container.write(TOML, applied.toml + KEYLESS)
    said = applied.product("apply", code=78)
    assert f"the TOML is applied by itself when {ETC}/credentials/late is there" in said
    applied.container.write(TOML, applied.toml)
    applied.product("apply")
    assert not applied.container.is_active("restream-apply.path")
    before = len(applied.applied())
    shell(applied, "systemctl start restream-agent.service")
    wait_quiet(applied, before)


def test_a_key_that_is_replaced_waits_for_apply(applied: Installation) -> None:
    """As the documentation says: the next apply restarts the relay that uses it."""
    before = len(applied.applied())
    applied.container.write(f"{ETC}/credentials/club", "club-key-2\n", mode=0o600)
    wait_quiet(applied, before)
    applied.product("apply")


def test_the_agent_may_be_told_not_to_watch(applied: Installation) -> None:
    """The edit that says so is the last one that is applied by itself; `status` tells."""
    words = "edits of the TOML wait for restream-agent apply (agent.watch = false)"
    good = applied.toml
    applied.edit(f"{good}\n[agent]\nwatch = false\n")
    applied.container.wait_until(lambda: words in applied.product("status"), SETTLED, "the status to tell")
    before = len(applied.applied())
    applied.container.write(TOML, f"{good}\n[agent]\nwatch = true\n")
    wait_quiet(applied, before)
    applied.product("apply")
    applied.container.wait_until(
        lambda: words not in applied.product("status"), SETTLED, "the agent to watch again"
    )
    applied.edit(good)
