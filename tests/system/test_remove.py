"""`restream-agent remove` on a real systemd, in the middle of a broadcast: nothing of `apply` is left."""

from collections.abc import Iterator

import pytest

from tests.demo.install import ETC, PROGRAM, install
from tests.demo.screen import Screen
from tests.lab.container import Container
from tests.lab.platform import PlatformServer
from tests.lab.servers import SERVERS
from tests.system.installation import TOML, Installation
from tests.system.machine_state import MachineState

pytestmark = pytest.mark.system

CHANNEL = '\n[channels.es]\nkey = { credential = "ingest-es" }\n'
KEPT = ("/etc/restream-agent", "/var/lib/restream-agent/fallback")


@pytest.fixture(params=SERVERS)
def installed(request: pytest.FixtureRequest) -> Iterator[tuple[Installation, MachineState]]:
    """Install, apply a platform and a second channel, go on air; return how the machine was before, too."""
    with Container() as container:
        platform = PlatformServer(container, "alpha", key="alpha-key", port=21000)
        platform.start()
        before = MachineState.of(container)
        install(container, request.param, (platform,), Screen())
        installation = Installation(container, request.param, {"alpha": platform}, container.read(TOML))
        container.write(f"{ETC}/credentials/ingest-es", "another-made-up-key\n", mode=0o600)
        installation.edit(installation.toml + CHANNEL)
        installation.on_air()
        yield installation, before


def without_program(state: MachineState) -> MachineState:
    """Leave out what pip and we have put there: the program itself stays."""
    return state.without("/opt/restream-agent", PROGRAM)


def paths_of(state: MachineState) -> set[str]:
    """Return the paths of the files and directories."""
    return {line.split()[3] for line in state.files}


def test_a_machine_on_air_is_left_as_it_was(installed: tuple[Installation, MachineState]) -> None:
    """First TOML, keys and videos stay, with the owner of the videos; then --purge takes these, too."""
    installation, before = installed
    said = installation.product("remove", "--yes")
    assert "1 on air, ended first:\n    main\n" in said
    after = without_program(MachineState.of(installation.container))
    new = paths_of(after) - paths_of(before)
    assert {path for path in new if not path.startswith(KEPT)} == {"/var/lib/restream-agent"}
    assert set(after.accounts) - set(before.accounts) == {"user restream-prepare", "group restream-prepare"}
    others = [line for line in before.differences(after) if not line.startswith(("files", "accounts"))]
    assert others == [], "\n".join(others)
    assert "nothing that apply has made is here" in installation.product("remove")
    installation.product("remove", "--purge", "--yes")
    left = before.differences(without_program(MachineState.of(installation.container)))
    assert left == [], "\n".join(left)
    assert before.state == "running"
    assert not installation.is_fed("alpha")


def test_a_disk_that_is_mounted_among_what_goes_is_not_emptied(
    installed: tuple[Installation, MachineState],
) -> None:
    """Not before and not after its files are gone; the broadcast is left alone, too."""
    installation, _ = installed
    container, disk = installation.container, "/var/lib/restream-agent/fallback/a disk"
    container.run(("sh", "-ec", f"mkdir '{disk}'; mount -t tmpfs none '{disk}'; touch '{disk}/video.mp4'"))
    done = container.run((PROGRAM, "remove", "--purge", "--yes"), check=False)
    assert done.returncode == 1
    assert f"{disk} is mounted" in done.stderr
    assert installation.is_fed("alpha")
    installation.product("remove", "--yes")
    container.run(("test", "-e", f"{disk}/video.mp4"))
    container.run(("umount", disk))
    installation.product("remove", "--purge", "--yes")
    container.run(("test", "!", "-e", "/var/lib/restream-agent"))


def test_after_it_apply_works_again(installed: tuple[Installation, MachineState]) -> None:
    """With the TOML and the keys that stayed; polkit sees the rule that came back."""
    installation, _ = installed
    installation.product("remove", "--yes")
    installation.product("apply")
    installation.on_air()
