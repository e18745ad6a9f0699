"""The laboratory measures itself: OBS publishes straight to a platform, without the product."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.container import Container
from tests.lab.deadline import LabError, wait_until
from tests.lab.flv import is_coded
from tests.lab.measure import longest_silence, traffic
from tests.lab.obs import Obs
from tests.lab.platform import PlatformServer
from tests.lab.received import received
from tests.lab.remains import PREFIX, leftovers

KEY = "right-key"
NEEDED = ("systemd-nspawn", "nsenter", "setpriv", "ffmpeg", "nginx")
MISSING = [name for name in NEEDED if not shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")]
pytestmark = [
    pytest.mark.media,
    pytest.mark.skipif(os.geteuid() != 0, reason="a container needs root"),
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
]


@pytest.fixture(scope="module")
def container() -> Iterator[Container]:
    with Container() as container:
        yield container


@pytest.fixture
def platform(container: Container, request: pytest.FixtureRequest) -> PlatformServer:
    index = request.session.items.index(request.node)
    platform = PlatformServer(container, request.node.name, key=KEY, port=21000 + 10 * index)
    platform.start()
    return platform


def coded_seconds(platform: PlatformServer) -> float:
    """Return how much picture and sound has arrived, in seconds of its own clock."""
    platform.reader.update()
    return max((m.timestamp for m in platform.reader.media() if is_coded(m)), default=0) / 1000


def test_a_straight_broadcast_is_measured_as_faultless(
    container: Container, platform: PlatformServer, tmp_path: Path
) -> None:
    """One connection, no timestamp fault, no decode error, only live pictures, sound in step with them."""
    obs = Obs(container, f"{platform.url}/{KEY}").start()
    obs.wait_published()
    container.wait_until(lambda: coded_seconds(platform) > 5, 20, "five seconds of broadcast")
    obs.stop()
    container.wait_until(lambda: platform.reader.update()[0].closed, 5, "the end of the connection")
    figures = traffic(platform.reader.connections)
    assert (figures.connections, figures.non_monotonic) == (1, 0)
    result = received(platform.reader.published()[0], tmp_path)
    assert {shown.source for shown in result.shown} == {"live"}
    assert result.errors == ()
    assert len(result.av_offsets) >= 2
    assert max(abs(offset) for _, offset in result.av_offsets) <= 60


def test_a_frozen_obs_is_measured_as_silence(container: Container, platform: PlatformServer) -> None:
    """An OBS that is frozen for 3 s causes a silence of that length, and there is none before."""
    obs = Obs(container, f"{platform.url}/{KEY}").start()
    container.wait_until(lambda: coded_seconds(platform) > 2, 20, "two seconds of broadcast")
    frozen = time.monotonic()
    obs.freeze()
    container.wait_until(lambda: time.monotonic() > frozen + 3, 5, "3 s to pass")
    obs.thaw()
    container.wait_until(lambda: coded_seconds(platform) > 6, 20, "the broadcast to go on")
    obs.kill()
    arrivals = [message.arrived for message in platform.reader.media()]
    assert longest_silence(arrivals, frozen, frozen + 4) >= 2000
    assert longest_silence(arrivals, frozen - 1.5, frozen - 0.5) < 2000


def test_a_wrong_key_is_refused(container: Container, platform: PlatformServer) -> None:
    """A platform accepts only its own key, and a refused connection does not count as a broadcast."""
    with pytest.raises(LabError, match="the server refused OBS"):
        Obs(container, f"{platform.url}/wrong-key").start().wait_published()
    platform.reader.update()
    assert len(platform.reader.connections) == 1
    assert platform.reader.published() == []


def test_a_container_leaves_nothing_behind() -> None:
    """After a failure inside the block, no file, mount or control group of the container is left."""
    names = []

    def fail() -> None:
        with Container() as container:
            names.append(container.name)
            container.popen(("sleep", "1000"))
            raise RuntimeError("as a test that fails would")

    with pytest.raises(RuntimeError):
        fail()
    assert leftovers(names[0]) == []


def test_a_killed_owner_takes_its_container_along() -> None:
    """SIGKILL to a container's owner ends every process inside; the next container removes the rest."""
    program = (
        "from tests.lab.container import Container as C; c = C(); c.__enter__(); print(c.leader); input()"
    )
    with subprocess.Popen(
        (sys.executable, "-c", program), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        leader = int(owner.stdout.readline())
        owner.kill()
    wait_until(lambda: not Path(f"/proc/{leader}").exists(), 5, "the container's systemd to end")
    with Container():
        assert leftovers(f"{PREFIX}{owner.pid}-") == []
