"""Root writes only where nobody else can: what other users plant leads root nowhere."""

from subprocess import CompletedProcess

import pytest

from tests.demo.install import ETC
from tests.lab.container import Container, end_group
from tests.system.installation import Installation

pytestmark = pytest.mark.system

FALLBACK = "/var/lib/restream-agent/fallback"
OPERATOR = "/run/restream/operator"
PLANTED = "/etc/restream-planted"
# Replaces each working directory of a conversion by one whose files are links to a file of root.
SWAPPER = f"""
import time
from pathlib import Path
end = time.monotonic() + 90
names = ("line0.txt", "slate.png", "video0.flv", "audio.flv", "finished.flv")
swapped = set()
while time.monotonic() < end:
    for work in set(Path("{FALLBACK}").glob(".prepare-*")) - swapped:
        swapped.add(work)
        try:
            work.rename(work.with_name(".taken-" + work.name))
            work.mkdir(mode=0o777)
            for name in names:
                (work / name).symlink_to("{PLANTED}")
        except OSError as error:
            print(error)
"""


def applied(container: Container) -> CompletedProcess[str] | None:
    """Apply by hand; None if the agent is applying the edit just then."""
    done = container.run(("/usr/local/bin/restream-agent", "apply"), timeout=120, check=False)
    return None if "another apply is running" in done.stderr else done


@pytest.mark.parametrize("user", ["restream-prepare", "restream"])
def test_a_swapped_directory_gains_nothing(installation: Installation, user: str) -> None:
    """Another user swaps the working directories while apply has a video prepared; /etc stays as it is."""
    container = installation.container
    container.write("/opt/swapper.py", SWAPPER)
    swapper = container.popen(("python3", "/opt/swapper.py"), user=user)
    for number in range(3):
        message = f'message = "swapped {user} {number}"'
        toml = installation.toml.replace('message = "We will be right back"', message)
        container.write(f"{ETC}/restream.toml", toml)
        done = container.wait_until(lambda: applied(container), 60, "the agent's own apply to end")
        assert container.run(("ls", PLANTED), check=False).returncode != 0
        assert done is not None
        assert done.returncode == 0 or user == "restream-prepare", done.stdout + done.stderr
    end_group(swapper)
    container.run(("sh", "-c", f"rm -rf {FALLBACK}/.taken-* {FALLBACK}/.prepare-*"))
    container.write(f"{ETC}/restream.toml", installation.toml)
    container.wait_until(lambda: applied(container), 60, "the agent's own apply to end")


def test_what_is_prepared_belongs_to_the_preparation(installation: Installation) -> None:
    """Nothing in the directory is root's: root has not written there."""
    owners = installation.container.run(("find", FALLBACK, "-printf", "%u\\n")).stdout.split()
    assert set(owners) == {"restream-prepare"}


@pytest.mark.parametrize(
    "plant",
    [f"mkdir {OPERATOR}/break", f"ln -s {PLANTED} {OPERATOR}/end", f"touch {OPERATOR}/open",
     f"rm -r {OPERATOR}", f"mv {OPERATOR} /run/restream/other"],
    ids=["a directory", "a link", "a file", "removed", "moved"],
)  # fmt: skip
def test_the_agent_plants_no_request(installation: Installation, plant: str) -> None:
    """The operator's directory is root's; off-air and on-air work."""
    done = installation.container.run(("sh", "-c", plant), user="restream", check=False)
    assert done.returncode != 0
    assert "denied" in done.stderr.lower() or "not permitted" in done.stderr.lower()


def test_off_air_works_with_a_directory_for_a_request(installation: Installation) -> None:
    """Even if root made it by mistake, the broadcast ends."""
    container = installation.container
    installation.on_air()
    container.run(("mkdir", f"{OPERATOR}/break"))
    installation.product("off-air")
    container.run(("rmdir", f"{OPERATOR}/break"))
    assert not container.is_active("restream.target")
