"""An apply that fails leaves the machine exactly as it was."""

import pytest

from tests.demo.install import ETC, POLICY, PREFIX, PROGRAM
from tests.system.installation import Installation, changed

# One server is enough: what is restored does not depend on it.
pytestmark = [
    pytest.mark.system,
    pytest.mark.parametrize("installation", ["nginx-rtmp"], indirect=True, scope="module"),
]

# A server that passes every config test and then does not serve.
PRETENDER = '#!/bin/sh\n[ "$1" = -t ]\n'
ASSETS = "*/site-packages/restream_agent/_assets/templates"


def with_binary(installation: Installation, binary: str) -> str:
    return installation.toml.replace("[ingest]\n", f'[ingest]\nbinary = "{binary}"\n')


@pytest.fixture(scope="module", autouse=True)
def policy(installation: Installation) -> None:
    """Open the servers of these tests."""
    installation.container.write(POLICY, 'binaries = ["/bin/false", "/opt/pretender"]\n')


def edit_in_vain(installation: Installation, toml: str) -> str:
    """Make an edit that cannot be applied, undo it, and return what restream-apply logged."""
    before = installation.files(), installation.manifest()
    installation.edit(toml, succeeds=False)
    words = "\n".join(installation.words("restream-apply.service"))
    assert before == (installation.files(), installation.manifest())
    assert "Traceback" not in words
    installation.edit(installation.toml)
    return words


def test_a_server_that_refuses_its_configuration_changes_nothing(installation: Installation) -> None:
    """With /bin/false as the server the config test fails; no file and no unit changes."""
    installation.on_air()
    before = installation.runs()
    words = edit_in_vain(installation, with_binary(installation, "/bin/false"))
    assert f"{installation.server} refuses its configuration" in words
    assert changed(before, installation.runs()) == {}


def test_a_server_that_does_not_come_up_is_taken_back(installation: Installation) -> None:
    """The server passes its test and never answers: files, server and agent are restored, relays go on."""
    installation.on_air()
    before = installation.runs()
    installation.container.write("/opt/pretender", PRETENDER, mode=0o755)
    words = edit_in_vain(installation, with_binary(installation, "/opt/pretender"))
    assert "restream-ingest.service does not answer" in words
    assert "restoring what was there" in words
    assert changed(before, installation.runs()) == {"restream-ingest.service": "restarted"}
    installation.container.wait_until(
        lambda: installation.listens(1935), 10, "the server of before to listen"
    )


def test_a_port_in_use_is_found_before_anything_is_changed(installation: Installation) -> None:
    """`listen` on another program's port is refused with the port's number; the running server goes on."""
    installation.on_air()
    before = installation.runs()
    taken = installation.platforms["alpha"].ports.rtmp
    words = edit_in_vain(
        installation, installation.toml.replace("[ingest]\n", f'[ingest]\nlisten = "127.0.0.1:{taken}"\n')
    )
    assert f"127.0.0.1:{taken}, which restream-ingest.service needs, is in use" in words
    assert changed(before, installation.runs()) == {}


def test_a_unit_that_systemd_refuses_changes_nothing(installation: Installation) -> None:
    """A directive that this systemd does not know, as after a downgrade: systemd's message is shown."""
    find = f"find {PREFIX} -path '{ASSETS}/live@.service.j2'"
    template = installation.container.run(("sh", "-c", find)).stdout.strip()
    text = installation.container.read(template)
    installation.container.write(template, text.replace("[Service]", "[Service]\nRestartEver=yes"))
    before = installation.files(), installation.manifest(), installation.runs()
    said = installation.product("apply", code=1)
    installation.container.write(template, text)
    assert "RestartEver" in said
    assert "Traceback" not in said
    assert before == (installation.files(), installation.manifest(), installation.runs())


def test_a_missing_credential_changes_nothing(installation: Installation) -> None:
    """Exit code 78; the message names the file and the command that creates it."""
    installation.container.run(("mv", f"{ETC}/credentials/alpha", f"{ETC}/credentials/away"))
    before = installation.files(), installation.runs()
    said = installation.product("apply", code=78)
    assert f"{ETC}/credentials/alpha does not exist" in said
    assert before == (installation.files(), installation.runs())
    installation.container.run(("mv", f"{ETC}/credentials/away", f"{ETC}/credentials/alpha"))


def test_a_foreign_file_in_the_way_is_left_alone(installation: Installation) -> None:
    """A foreign drop-in at the path of a new relay's drop-in is not overwritten; the apply is refused."""
    place = "/etc/systemd/system/ffmpeg-relay@gamma.service.d/10-restream.conf"
    installation.container.write(place, "[Service]\nNice=5\n")
    installation.container.write(f"{ETC}/credentials/gamma", "gamma-key\n", mode=0o600)
    url = installation.platforms["gamma"].url
    gamma = f'\n[platforms.gamma]\nurl = "{url}"\nkey = {{ credential = "gamma" }}\n'
    words = edit_in_vain(installation, installation.toml + gamma)
    assert f"{place} exists and was not made by restream-agent" in words
    assert installation.container.read(place) == "[Service]\nNice=5\n"


def test_an_apply_waits_for_another(installation: Installation) -> None:
    """An apply by hand waits for the apply that the agent started after an edit."""
    busy = installation.container.popen(("flock", "/run/restream/apply.lock", "sleep", "3"))
    installation.container.wait_until(lambda: not is_free(installation), 10, "the lock to be held")
    installation.product("apply")
    assert busy.poll() is not None


def is_free(installation: Installation) -> bool:
    argv = ("flock", "--nonblock", "/run/restream/apply.lock", "true")
    return installation.container.run(argv, check=False).returncode == 0


def test_two_applies_do_not_meet(installation: Installation) -> None:
    """While another process holds the lock, apply says so and exits with 1."""
    done = installation.container.run(
        ("flock", "/run/restream/apply.lock", PROGRAM, "apply"), timeout=60, check=False
    )
    assert (done.returncode, "another apply is running" in done.stderr) == (1, True)
