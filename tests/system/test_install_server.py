"""`install-server` on a machine without a network: SRS from files, and what keeps nginx-rtmp from coming.

That nginx-rtmp comes from Debian's mirror is shown by `python -m tests.lab.empty_root`, which has a network.
"""

import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demo.install import PROGRAM, _install_wheel
from tests.lab.container import SHARED, Container
from tests.lab.servers import SRS
from tests.lab.skips import NO_SRS

pytestmark = pytest.mark.system

needs_srs = pytest.mark.skipif(not SRS.exists(), reason=NO_SRS)
PLACE = "/usr/local/srs"
PACKAGE = "SRS-CentOS7-x86_64-6.0.157"
WITHOUT_SERVERS = (
    "dpkg --purge --force-depends libnginx-mod-rtmp nginx nginx-common; rm -rf /usr/local/srs /var/www/html;"
    "apt-get clean"  # or apt installs what it has downloaded before
)
HOLD = """
import fcntl, time
lock = open("/var/lib/apt/lists/lock", "w")
fcntl.lockf(lock, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(600)
"""


class Bare:
    """A machine with restream-agent and without an ingest server."""

    def __init__(self, container: Container) -> None:
        self.container = container

    def file(self, name: str, content: bytes) -> tuple[str, str, str, str]:
        """Put a file where the machine sees it, and return the options that name it."""
        (self.container.shared / name).write_bytes(content)
        return ("--from", f"{SHARED}/{name}", "--sha256", hashlib.sha256(content).hexdigest())

    def install(self, *arguments: str, code: int = 0) -> str:
        """Run install-server, and return what it says, stdout first."""
        done = self.container.run((PROGRAM, "install-server", *arguments), check=False, timeout=200)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def left(self) -> str:
        """Return every file of SRS, with owner, mode and size."""
        found = self.container.run(("find", PLACE, "-printf", "%p %u:%g %m %s\n"), check=False)
        return "\n".join(sorted(found.stdout.splitlines()))


@pytest.fixture(scope="module")
def bare() -> Iterator[Bare]:
    """Boot, install the wheel, and take every ingest server away."""
    with Container() as container:
        _install_wheel(container)
        container.run(("sh", "-c", WITHOUT_SERVERS), timeout=120)
        yield Bare(container)


def release_zip(shared: Path) -> bytes:
    """Return a zip as trunk/scripts/package.sh of SRS makes it."""
    place = shared / "release.zip"
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{PACKAGE}/INSTALL", "#!/bin/bash\n")
        archive.write(SRS, f"{PACKAGE}/usr/local/srs/objs/srs")
    return place.read_bytes()


@needs_srs
def test_srs_comes_from_the_zip_of_a_release(bare: Bare) -> None:
    """It belongs to root, runs, and comes no second time; another kind of file is another source."""
    named = bare.file("srs.zip", release_zip(bare.container.shared))
    assert "ready: SRS 6." in bare.install("srs", *named)
    before = bare.left()
    assert f"{PLACE}/objs/srs root:root 755 {SRS.stat().st_size}" in before
    assert bare.install("srs", *named) == bare.install("srs") == "srs is installed: nothing was changed\n"
    assert before == bare.left()
    bare.install("srs", *named, "--dry-run")
    assert "ready: SRS 6." in bare.install("srs", *bare.file("srs", SRS.read_bytes()))
    bare.container.run(("rm", "-r", PLACE))


@needs_srs
def test_srs_for_another_system_is_refused(bare: Bare) -> None:
    """By the loader's words, or before it is run; nothing of it is left."""
    content = SRS.read_bytes()
    arm = content[:18] + b"\xb7\x00" + content[20:]  # the processor, elf(5)
    assert "is for ARM64, and this machine is " in bare.install("srs", *bare.file("arm", arm), code=1)
    assert bare.left() == ""
    missing = content.replace(b"libstdc++.so.6", b"libstdc++.so.9")
    said = bare.install("srs", *bare.file("missing", missing), code=1)
    assert "srs: error while loading shared libraries: libstdc++.so.9" in said
    assert bare.left() == ""


def test_what_is_not_srs_is_refused(bare: Bare) -> None:
    """It runs in a sandbox, once, and says no version."""
    named = bare.file("true", Path("/usr/bin/true").read_bytes())
    assert "does not say its version; supported is version 6.x" in bare.install("srs", *named, code=1)
    assert bare.left() == ""


def test_another_checksum_is_refused_before_anything_is_unpacked(bare: Bare) -> None:
    """As of a download that is not complete."""
    place, _ = bare.file("half", b"half of an archive")[1], None
    said = bare.install("srs", "--from", place, "--sha256", "0" * 64, code=1)
    assert (
        f"{place} has the SHA-256 {hashlib.sha256(b'half of an archive').hexdigest()}, and not {'0' * 64}"
        in said
    )
    assert bare.left() == ""


def test_without_a_network_nothing_is_installed(bare: Bare) -> None:
    """apt's own words, and Debian's web server is as free to start as before."""
    packages = ("dpkg-query", "--show", "--showformat", "${Package} ${Status}\n")
    before = bare.container.run(packages).stdout
    said = bare.install("nginx-rtmp", code=1)
    assert "restream-agent: apt " in said
    assert "  E: " in said
    assert before == bare.container.run(packages).stdout
    assert bare.container.run(("systemctl", "show", "-P", "LoadState", "nginx.service")).stdout != "masked\n"
    done = bare.container.run((PROGRAM, "init", "--install", "--server", "nginx-rtmp", "--yes"), check=False)
    assert done.returncode == 1
    assert "no TOML and no key was written" in done.stderr
    assert bare.container.run(("ls", "/etc/restream-agent"), check=False).returncode != 0


def test_apt_in_use_is_waited_for_then_told(bare: Bare) -> None:
    """Another program has the lock of apt's lists, as apt-daily has on a server's first minutes."""
    holding = bare.container.popen(("python3", "-c", HOLD), stdout=-1)
    assert holding.stdout is not None
    with holding.stdout:
        holding.stdout.readline()
    said = bare.install("nginx-rtmp", code=1)
    assert "… wait for another program that is installing packages (python3, process " in said
    assert "restream-agent: another program is installing packages (python3, process " in said
    assert "nothing was installed\n  wait until it has finished, and try again" in said
