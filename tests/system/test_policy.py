"""The policy of the machine, during a broadcast: an edit beyond it is refused, and nothing else happens."""

import json

import pytest

from tests.demo.install import ETC, POLICY
from tests.system.installation import SETTLED, Installation, changed

# One server is enough: what the policy says does not depend on it.
pytestmark = [
    pytest.mark.system,
    pytest.mark.parametrize("installation", ["nginx-rtmp"], indirect=True, scope="module"),
]

RUN_ME = "/srv/by-the-author"
COMMAND = f'["/bin/touch", "{RUN_ME}"]'
NOTIFY = f"\n[notify]\ncommand = {COMMAND}\n"
LINE = f"commands = [{COMMAND}]\n"


def status(installation: Installation) -> dict[str, object]:
    return dict(json.loads(installation.product("status", "--json")))


def test_a_forbidden_command_is_refused_and_the_broadcast_goes_on(installation: Installation) -> None:
    """Check, apply and the agent say the same; no file and no unit changes, and no connection ends."""
    installation.on_air()
    before = installation.runs(), installation.files(), installation.connections("alpha")
    installation.edit(installation.toml + NOTIFY, succeeds=False)
    installation.container.wait_until(
        lambda: status(installation)["config"] == "refused", SETTLED, "the status to say it"
    )
    said = "runs a program, and this machine's policy does not allow it"
    assert said in str(status(installation)["config_words"])
    for command in ("check", "apply"):
        words = installation.product(command, code=78)
        assert said in words
        assert f"root may allow it in {POLICY}: {LINE}" in words
    assert before == (installation.runs(), installation.files(), installation.connections("alpha"))


def test_the_line_that_is_named_opens_it(installation: Installation) -> None:
    """Once it is in the policy, the edit is applied without another command; no relay restarts."""
    before, applies = installation.runs(), len(installation.applied())
    installation.container.write(POLICY, LINE)
    installation.container.wait_until(
        lambda: len(installation.applied()) > applies, SETTLED, "the edit to be applied"
    )
    assert installation.applied()[-1], installation.words("restream-apply.service")
    assert [unit for unit in changed(before, installation.runs()) if "relay" in unit] == []
    assert RUN_ME in installation.container.read(f"{ETC}/notify.json")
    installation.toml += NOTIFY


def test_a_policy_that_another_user_can_write_is_refused(installation: Installation) -> None:
    """By check and by apply, with the command that mends it."""
    installation.container.run(("chown", "nobody", POLICY))
    for command in ("check", "apply"):
        said = installation.product(command, code=78)
        assert (
            f"{POLICY}: error: could have been written by others than root, who may change {POLICY}" in said
        )
        assert f"chown root:root {POLICY}; chmod go-w {POLICY}" in said
    installation.container.run(("chown", "root", POLICY))
    installation.product("check")


def test_a_mistake_in_the_policy_is_told_at_its_line(installation: Installation) -> None:
    """It is the administrator's: the edit of the TOML is refused until it is mended."""
    installation.container.write(POLICY, f"{LINE}vidoes = []\n")
    assert f"{POLICY}:2:1: error: vidoes: is not a known key" in installation.product("apply", code=78)
    installation.container.write(POLICY, LINE)
    installation.product("apply")
