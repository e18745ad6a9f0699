"""From an empty Debian to an accepted publish, by one run of the playbook `provision`, timed.

Run as root, after `make deb` or `make deb DIST=trixie`:
`python -m tests.lab.playbook_from_nothing RELEASE [--server srs] [--root DIR] [--deb FILE]`.
Root and network are those of tests/lab/empty_root.py, which does it by hand. Exit status 1 if a step fails,
if a second run changes anything, or if it takes more than five minutes.
"""

import hashlib
import sys
import tempfile
import time
from pathlib import Path

from tests.lab.container import Container
from tests.lab.deadline import LabError
from tests.lab.empty_root import KEY, LONGEST, SRS, Empty, arguments, empty_root, package_for, verdict
from tests.lab.mirror_door import MirrorDoor
from tests.lab.obs import Encoder, Obs
from tests.lab.platform import PlatformServer
from tests.lab.playbooks import Controller

INGEST_KEY = "key-of-the-stand-in-for-obs"


def variables(server: str, deb: Path) -> dict[str, object]:
    """Return what the inventory says of the machine."""
    srs = {"restream_srs": str(SRS), "restream_srs_checksum": f"sha256:{digest(SRS)}"}
    return {
        "restream_package": str(deb),
        "restream_server": server,
        "restream_firewall": "nftables",
        "restream_credentials": {"ingest": INGEST_KEY, "club": KEY},
        "restream_config": {
            "ingest": {"server": server, "key": {"credential": "ingest"}},
            "platforms": {"club": {"url": "rtmp://127.0.0.1:21000/app", "key": {"credential": "club"}}},
        },
        **(srs if server == "srs" else {}),
    }


def digest(file: Path) -> str:
    """Return a file's SHA-256, in hexadecimal."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def play(empty: Empty, server: str, deb: Path) -> list[str]:
    """Play, publish, let a platform receive it, and play again; return the tasks that changed in the end."""
    with tempfile.TemporaryDirectory() as directory:
        controller = Controller(empty.container, Path(directory))
        begun = time.monotonic()
        played = controller.play("provision", variables(server, deb))
        empty.steps.append(("ansible-playbook restream.agent.provision", time.monotonic() - begun))
        if played.code:
            raise LabError(played.output)
        publish(empty)
        begun = time.monotonic()
        again = controller.play("provision", variables(server, deb))
        print(f"{time.monotonic() - begun:7.1f} s  ansible-playbook restream.agent.provision, again")
        return again.changed + again.failed


def publish(empty: Empty) -> None:
    """Publish as OBS does; LabError if the server refuses it, or a platform receives nothing."""
    url = f"rtmp://127.0.0.1:1935/live/main?key={INGEST_KEY}"
    begun = time.monotonic()
    obs = Obs(empty.container, url, Encoder(width=640, height=360, bitrate=600_000)).start()
    empty.steps.append(("(OBS: the publish is accepted)", obs.wait_published(60) - begun))
    platform = PlatformServer(empty.container, "club", key=KEY, port=21000)
    if Path(f"/proc/{empty.container.leader}/root/usr/sbin/nginx").exists():  # what stands for a platform
        platform.start()
        reader = platform.reader
        empty.container.wait_until(
            lambda: any(each.has_media() for each in reader.update()),
            60,
            "the platform to receive the stream",
        )
        print("a platform receives the stream")
    obs.stop()


def measure(release: str, server: str, given: Path | None, deb: Path | None) -> int:
    """Do it all, print each step with its seconds, and return the exit status."""
    with empty_root(release, given) as root, Container(root) as container, MirrorDoor(container) as door:
        empty = Empty(container)
        late = play(empty, server, deb or package_for(root))
    for step, seconds in empty.steps:
        print(f"{seconds:7.1f} s  {step}")
    total = sum(seconds for _, seconds in empty.steps)
    print(f"{release}, {server}: {total:.0f} s from the playbook's start to an accepted publish")
    wrong = [f"the second run changed or failed: {task}" for task in late]
    wrong += [f"apt wanted {host}" for host in door.refused]
    if total > LONGEST:
        wrong.append(f"allowed are {LONGEST:.0f} s")
    return verdict(wrong)


def main() -> None:
    """Read the arguments."""
    given = arguments(__doc__).parse_args()
    sys.exit(measure(given.release, given.server, given.root, given.deb))


if __name__ == "__main__":
    main()
