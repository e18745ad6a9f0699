"""The Debian package in dist/, which `make deb` builds: installed in a container without a network."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from release import checkout
from release.targets import read_target
from tests.demo.install import ETC, configuration
from tests.lab.container import SHARED, Container
from tests.lab.platform import PlatformServer
from tests.system.installation import TOML, Installation, runs_in

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(shutil.which("dpkg") is None, reason="dpkg not installed"),
]

PROJECT = checkout.PROJECT
HOUSE = "/usr/lib/restream-agent"
COMMAND = "/usr/bin/restream-agent"
PLACES = (
    COMMAND,
    f"{HOUSE}/bin/python3",
    f"{HOUSE}/bin/restream-agent",
    f"{HOUSE}/pyvenv.cfg",
    "/usr/lib/sysusers.d/restream-agent.conf",
    "/usr/lib/tmpfiles.d/restream-agent.conf",
    "/usr/share/bash-completion/completions/restream-agent",
    "/usr/share/doc/restream-agent/copyright",
    "/usr/share/doc/restream-agent/docs/install.md",
    "/usr/share/doc/restream-agent/examples/full.toml",
    "/usr/share/fish/vendor_completions.d/restream-agent.fish",
    "/usr/share/man/man1/restream-agent.1.gz",
    "/usr/share/man/man5/restream.toml.5.gz",
    "/usr/share/restream-agent/restream.schema.json",
    "/usr/share/restream-agent/status.schema.json",
    "/usr/share/zsh/vendor-completions/_restream-agent",
)
BUILDING = 1800  # seconds: a build takes two minutes, and more on a busy machine


def package() -> Path:
    """Return the newest package for this machine's Debian; skip the test if there is none."""
    found = sorted((PROJECT / "dist").glob(f"restream-agent_*+{read_target(Path('/')).system}_*.deb"))
    if not found:
        pytest.skip("no package in dist: `make deb` builds it")
    return max(found, key=lambda path: path.stat().st_mtime)


def listed() -> set[str]:
    """Return the path of every file in the package."""
    argv = ("dpkg-deb", "--fsys-tarfile", str(package()))
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as archive:
        names = subprocess.check_output(("tar", "--list"), stdin=archive.stdout, text=True, timeout=120)
    return {name.removeprefix(".") for name in names.splitlines() if not name.endswith("/")}


@pytest.fixture(scope="module")
def installed() -> Iterator[Installation]:
    """Boot, install the package, and apply for nginx-rtmp and one platform that runs."""
    file = package()
    with Container() as container:
        platform = PlatformServer(container, "alpha", key="alpha-key", port=21000)
        platform.start()
        shutil.copy(file, container.shared / "restream-agent.deb")
        container.run(("dpkg", "--install", str(SHARED / "restream-agent.deb")), timeout=300)
        toml = configuration("nginx-rtmp", (platform,))
        container.run(("mkdir", "-p", ETC))
        container.write(TOML, toml)
        for name, key in (("ingest", "demo-ingest-key"), ("alpha", "alpha-key")):
            container.write(f"{ETC}/credentials/{name}", f"{key}\n", mode=0o600)
        container.run((COMMAND, "apply"), timeout=120)
        yield Installation(container, "nginx-rtmp", {"alpha": platform}, toml, COMMAND)


def test_everything_is_in_its_usual_place() -> None:
    """And nothing is in /etc, /var or /usr/local: that is the machine's and the administrator's."""
    files = listed()
    assert set(PLACES) - files == set()
    assert [name for name in sorted(files) if not name.startswith("/usr/")] == []
    assert [name for name in sorted(files) if name.startswith("/usr/local/")] == []


def test_every_module_is_there_and_compiled() -> None:
    """So no start of a process has to compile, and none wants to write there."""
    version = read_target(Path("/")).python
    top = f"{HOUSE}/lib/python{version}/site-packages"
    modules = [path.relative_to(PROJECT) for path in (PROJECT / "restream_agent").rglob("*.py")]
    digits = version.replace(".", "")
    compiled = {f"{top}/{path.parent}/__pycache__/{path.stem}.cpython-{digits}.pyc" for path in modules}
    assert ({f"{top}/{path}" for path in modules} | compiled) - listed() == set()


@pytest.mark.skipif(shutil.which("lintian") is None, reason="lintian not installed")
def test_lintian_finds_nothing_without_a_reason() -> None:
    """Errors and warnings; debian/restream-agent.lintian-overrides has the reasons."""
    argv = ("lintian", "--allow-root", "--fail-on", "error,warning", str(package()))
    done = subprocess.run(argv, timeout=BUILDING, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_two_builds_of_a_commit_have_the_same_bytes(tmp_path: Path) -> None:
    """Built again in another directory, at another time."""
    if checkout.has_changes():
        pytest.skip("the checkout has local changes: each build has a version of its own")
    argv = (sys.executable, "-m", "release", "deb")
    packages = []
    for _ in range(2):
        # Ctrl-C kills a build, and what it leaves there goes with the test's own directory.
        environment = os.environ | {"TMPDIR": str(tmp_path)}
        built = subprocess.check_output(argv, cwd=PROJECT, env=environment, timeout=BUILDING, text=True)
        packages.append((PROJECT / built.split()[-1]).read_bytes())
    assert packages[0] == packages[1]


def test_a_broadcast_runs_with_the_program_of_the_package(installed: Installation) -> None:
    """Every Python process of ours has its interpreter, and so its dependencies."""
    installed.on_air()
    main = installed.show("fallback.service", "MainPID")
    argv = installed.container.run(("cat", f"/proc/{main}/cmdline")).stdout.split("\0")
    assert argv[0] == f"{HOUSE}/bin/python3"
    agent = installed.show("restream-agent.service", "MainPID")
    assert f"{HOUSE}/bin/python3" in installed.container.run(("cat", f"/proc/{agent}/cmdline")).stdout


def test_installing_again_touches_no_running_unit(installed: Installation) -> None:
    """The broadcast of the test before goes on, in the same processes."""
    installed.on_air()
    before = runs_in(installed.container)
    installed.container.run(("dpkg", "--install", str(SHARED / "restream-agent.deb")), timeout=300)
    assert before == runs_in(installed.container)
    assert installed.is_fed("alpha")


def test_use_changes_no_file_of_the_package(installed: Installation) -> None:
    """dpkg verifies each, and nothing is beside them: removing the package leaves nothing of it."""
    run = installed.container.run
    run((COMMAND, "--help"))
    run((COMMAND, "check"))
    assert run(("dpkg", "--verify", "restream-agent")).stdout == ""
    there = run(("find", HOUSE, "-not", "-type", "d")).stdout.split()
    owned = run(("dpkg", "--listfiles", "restream-agent")).stdout.split()
    assert set(there) - set(owned) == set()


def test_any_user_can_render(installed: Installation) -> None:
    """Without root, with a configuration and a directory of their own."""
    installed.container.write("/tmp/own.toml", installed.toml)
    installed.container.run(("install", "-d", "-o", "nobody", "/tmp/own"))
    argv = (COMMAND, "render", "--config", "/tmp/own.toml", "--root", "/tmp/own")
    assert f"{HOUSE}/bin/python3 -I -m" in installed.container.run(argv, user="nobody").stdout
