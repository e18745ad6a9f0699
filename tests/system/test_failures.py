"""An apply that fails leaves the machine as it was, to the bit."""

import pytest

from tests.demo.install import ETC, PREFIX, PROGRAM
from tests.system.installation import Installation, changed

# One server: which one it is plays no part in what is taken back.
pytestmark = [
    pytest.mark.system,
    pytest.mark.parametrize("installation", ["nginx-rtmp"], indirect=True, scope="module"),
]

# Passes any config test, and then does not serve.
PRETENDER = '#!/bin/sh\n[ "$1" = -t ]\n'
ASSETS = "*/site-packages/restream_agent/_assets/templates"


def with_binary(installation: Installation, binary: str) -> str:
    return installation.toml.replace("[ingest]\n", f'[ingest]\nbinary = "{binary}"\n')


def edit_in_vain(installation: Installation, toml: str) -> str:
    """Make an edit that cannot be applied, take it back, and return what restream-apply said."""
    before = installation.files(), installation.manifest()
    installation.edit(toml, succeeds=False)
    words = "\n".join(installation.words("restream-apply.service"))
    assert before == (installation.files(), installation.manifest())
    assert "Traceback" not in words
    installation.edit(installation.toml)
    return words


def test_a_server_that_refuses_its_configuration_changes_nothing(installation: Installation) -> None:
    """With /bin/false as the server the config test fails: no file, and no unit, is touched."""
    installation.on_air()
    before = installation.runs()
    words = edit_in_vain(installation, with_binary(installation, "/bin/false"))
    assert f"{installation.server} refuses its configuration" in words
    assert changed(before, installation.runs()) == {}


def test_a_server_that_does_not_come_up_is_taken_back(installation: Installation) -> None:
    """A server that passes its test and then never answers: files, server and agent as before, relays on."""
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
    """`listen` at another program's port: refused with the port's number, and OBS's server goes on."""
    installation.on_air()
    before = installation.runs()
    taken = installation.platforms["alpha"].ports.rtmp
    words = edit_in_vain(
        installation, installation.toml.replace("[ingest]\n", f'[ingest]\nlisten = "127.0.0.1:{taken}"\n')
    )
    assert f"127.0.0.1:{taken}, which restream-ingest.service needs, is in use" in words
    assert changed(before, installation.runs()) == {}


def test_a_unit_that_systemd_refuses_changes_nothing(installation: Installation) -> None:
    """A directive that this systemd does not know, as after a downgrade: refused with systemd's words."""
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
    """The file is named, with the command that makes it; exit code 78."""
    installation.container.run(("mv", f"{ETC}/credentials/alpha", f"{ETC}/credentials/away"))
    before = installation.files(), installation.runs()
    said = installation.product("apply", code=78)
    assert f"{ETC}/credentials/alpha cannot be read: No such file or directory" in said
    assert before == (installation.files(), installation.runs())
    installation.container.run(("mv", f"{ETC}/credentials/away", f"{ETC}/credentials/alpha"))


def test_a_foreign_file_in_the_way_is_left_alone(installation: Installation) -> None:
    """A drop-in of somebody else's where a new relay's would go: refused, and not overwritten."""
    place = "/etc/systemd/system/ffmpeg-relay@gamma.service.d/10-restream.conf"
    installation.container.write(place, "[Service]\nNice=5\n")
    installation.container.write(f"{ETC}/credentials/gamma", "gamma-key\n", mode=0o600)
    url = installation.platforms["gamma"].url
    gamma = f'\n[platforms.gamma]\nurl = "{url}"\nkey = {{ credential = "gamma" }}\n'
    words = edit_in_vain(installation, installation.toml + gamma)
    assert f"{place} exists and was not made by restream-agent" in words
    assert installation.container.read(place) == "[Service]\nNice=5\n"


def test_an_apply_waits_for_another(installation: Installation) -> None:
    """As the one by hand for the one that the agent has begun after an edit."""
    busy = installation.container.popen(("flock", "/run/restream-agent.lock", "sleep", "3"))
    installation.container.wait_until(lambda: not is_free(installation), 10, "the lock to be held")
    installation.product("apply")
    assert busy.poll() is not None


def is_free(installation: Installation) -> bool:
    argv = ("flock", "--nonblock", "/run/restream-agent.lock", "true")
    return installation.container.run(argv, check=False).returncode == 0


def test_two_applies_do_not_meet(installation: Installation) -> None:
    """While one goes on holding the lock, another says so and exits with 1."""
    done = installation.container.run(
        ("flock", "/run/restream-agent.lock", PROGRAM, "apply"), timeout=60, check=False
    )
    assert (done.returncode, "another apply is running" in done.stderr) == (1, True)
