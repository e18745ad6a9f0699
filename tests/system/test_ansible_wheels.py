"""The collection's other ways: wheels in place of the package, SRS from an archive in place of nginx-rtmp."""

import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.demo.install import ETC, INGEST_KEY, PROJECT, PUBLISH_URL
from tests.lab.container import Container
from tests.lab.empty_root import SRS
from tests.lab.obs import Obs
from tests.lab.platform import PlatformServer
from tests.lab.playbook_from_nothing import digest
from tests.lab.playbooks import Controller
from tests.system.installation import Installation, runs_in

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(not SRS.exists(), reason=f"SRS not installed as {SRS}"),
]

MEMBER = "srs/objs/srs"


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[tuple[Installation, Controller, dict[str, Any]]]:
    """Boot a machine without restream-agent and without SRS, and make an archive of SRS."""
    archive = tmp_path / "srs.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(SRS, MEMBER)
    with Container() as container:
        container.run(("rm", "-r", str(SRS.parents[1])))
        platform = PlatformServer(container, "alpha", key="alpha-stream-key", port=21000)
        platform.start()
        variables = {
            "restream_wheels": str(PROJECT / "dist"),
            "restream_server": "srs",
            "restream_srs": str(archive),
            "restream_srs_checksum": f"sha256:{digest(archive)}",
            "restream_srs_member": MEMBER,
            "restream_credentials": {"ingest": INGEST_KEY, "alpha": platform.key},
            "restream_config": {
                "ingest": {"key": {"credential": "ingest"}},
                "platforms": {"alpha": {"url": platform.url, "key": {"credential": "alpha"}}},
            },
        }
        directory = tmp_path / "controller"
        directory.mkdir()
        machine = Installation(container, "srs", {"alpha": platform})
        yield machine, Controller(container, directory), variables


def test_wheels_and_srs_come_and_go(machine: tuple[Installation, Controller, dict[str, Any]]) -> None:
    """On air after one run, unchanged by a second, refused with another checksum, gone after the removal."""
    installed, controller, variables = machine
    wrong = controller.play("provision", {**variables, "restream_srs_checksum": "sha256:0000"})
    assert wrong.failed == ["Refuse a file with another checksum"]
    first = controller.play("provision", variables)
    assert first.code == 0, first.output
    obs = Obs(installed.container, PUBLISH_URL).start()
    obs.wait_published(60)
    installed.wait_on_air(("alpha",))
    again = controller.play("provision", variables)
    assert (again.code, again.changed) == (0, []), again.output
    obs.kill()
    removed = controller.play("remove", {"restream_purge": True})
    assert removed.code == 0, removed.output
    assert runs_in(installed.container) == {}
    left = installed.container.run(("ls", "-d", ETC, "/opt/restream-agent"), check=False)
    assert left.stdout == ""
