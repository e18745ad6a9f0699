"""Access: the public port, the listener, playing live/*, the program's sockets."""

import json
import time
from collections.abc import Iterator

import pytest

from tests.attack.run import attack
from tests.demo.install import INGEST_KEY, PUBLISH_URL
from tests.lab.container import end_group
from tests.lab.deadline import PATIENCE, wait_until
from tests.lab.obs import Obs
from tests.lab.outside import HERE, OUTSIDE, THERE
from tests.lab.servers import SERVERS
from tests.system.installation import Installation, within_reach

pytestmark = pytest.mark.system

FFMPEG = ("ffmpeg", "-hide_banner", "-nostdin", "-v", "error")
SOURCE = (
    "-re",
    "-f",
    "lavfi",
    "-i",
    "testsrc=size=320x180:rate=30",
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
)


@pytest.fixture(scope="module", params=SERVERS)
def installation(request: pytest.FixtureRequest) -> Iterator[Installation]:
    """Install and apply in a container, and connect another computer to it."""
    with within_reach(request.param) as installation:
        yield installation


def publish(installation: Installation, key: str, *, seconds: float = 2) -> tuple[bool, float]:
    """Publish from the other computer; return whether it was accepted, and its duration in seconds."""
    url = f"rtmp://{HERE}/live/main?key={key}"
    started = time.monotonic()
    argv = (
        *OUTSIDE,
        "timeout",
        "20",
        *FFMPEG,
        *SOURCE,
        "-c:v",
        "libx264",
        "-g",
        "30",
        "-t",
        str(seconds),
        "-f",
        "flv",
        url,
    )
    done = installation.container.run(argv, check=False, timeout=30)
    return done.returncode == 0, time.monotonic() - started


def test_the_listener_stands_an_attack(installation: Installation) -> None:
    """5,000 generated requests and 9,000 half-open ones cause no crash, no change and no error.

    The agent may open 8,192 files. Hooks are answered meanwhile, and the half-open requests are ended.
    """
    outcome = attack(installation.container, count=5000, idle=9000, warm_up=5000)
    said = "\n".join(outcome.lines())
    assert (outcome.is_same_process, outcome.state_after, outcome.complaints) == (
        True,
        outcome.state_before,
        (),
    ), said
    assert (outcome.idle_held, outcome.answers.get("500", 0)) == (0, 0), said
    assert max(max(taken) for taken in outcome.hooks.values()) < 2 * PATIENCE, said
    assert outcome.memory_after - outcome.memory_before < 16 * 1024, said


def test_nothing_but_the_ingest_listens_outside(installation: Installation) -> None:
    """Every other port of the product listens on loopback only."""
    sockets = installation.container.run(("ss", "-Hltunp")).stdout.splitlines()
    ours = [line.split() for line in sockets if any(name in line for name in ("restream", "srs", "python"))]
    ours += [line.split() for line in sockets if '"nginx"' in line and ":210" not in line]
    public = {one[4] for one in ours if not one[4].startswith("127.")}
    assert public == {"0.0.0.0:1935"}


def test_the_stream_is_played_on_this_machine_only(installation: Installation) -> None:
    """While OBS publishes, a player on another computer gets nothing, even with the right name and key."""
    obs = installation.container.popen(
        (
            *FFMPEG,
            *SOURCE,
            "-g",
            "30",
            "-f",
            "flv",
            f"rtmp://127.0.0.1/live/main?key={INGEST_KEY}",
        )
    )
    installation.container.wait_until(
        lambda: installation.container.is_active("live@main.service"), 15, "OBS to be live"
    )
    url = f"rtmp://{HERE}/live/main?key={INGEST_KEY}"
    play = ("timeout", f"{10 * PATIENCE:g}", *FFMPEG, "-i", url, "-t", "0.5", "-f", "null", "-")
    outside = installation.container.run((*OUTSIDE, *play), check=False, timeout=30)
    # Playing it on this machine shows that the stream was there.
    inside = installation.container.run(
        tuple(word.replace(HERE, "127.0.0.1") for word in play), check=False, timeout=30
    )
    end_group(obs)
    assert (outside.returncode == 0, inside.returncode) == (False, 0), outside.stderr + inside.stderr


DOORS = {
    "live.sock": ("restream-live", "live@.service"),
    "relay.sock": ("restream-relay", "ffmpeg-relay@.service"),
    "telemetry.sock": ("restream-report", "fallback.service"),
}


@pytest.mark.parametrize(("group", "unit"), DOORS.values())
def test_each_door_has_a_group_with_one_unit(installation: Installation, group: str, unit: str) -> None:
    """No other unit and no user has it."""
    script = f"cd /etc/systemd/system; grep -lw {group} *.service *.service.d/*; getent group {group}"
    found = installation.container.run(("sh", "-c", script)).stdout.split()
    assert found[:-1] == [unit]
    assert found[-1].endswith(":")


@pytest.mark.parametrize("user", ["nobody", "restream", "restream-ingest", "restream-prepare"])
@pytest.mark.parametrize("path", DOORS)
def test_the_program_s_sockets_are_for_its_own(installation: Installation, path: str, user: str) -> None:
    """A user outside the door's group cannot connect."""
    script = (
        "import socket, sys; s = socket.socket(socket.AF_UNIX, "
        f"socket.SOCK_{'DGRAM' if path.startswith('tele') else 'STREAM'}); s.connect('/run/restream/{path}')"
    )
    installation.container.run(("python3", "-c", script))
    done = installation.container.run(("python3", "-c", script), user=user, check=False)
    assert "PermissionError" in done.stderr
    mode = installation.container.run(("stat", "-c", "%a %U:%G", f"/run/restream/{path}")).stdout.strip()
    assert mode == f"660 root:{DOORS[path][0]}"


def test_guessing_is_slow_and_the_right_key_is_not(installation: Installation) -> None:
    """Wrong keys are refused later and later; the right key from the same address is accepted at once."""
    refused = [publish(installation, f"guess{number}") for number in range(6)]
    assert [accepted for accepted, _ in refused] == [False] * 6
    assert refused[-1][1] > 7
    wrong = installation.container.popen(
        (*OUTSIDE, *FFMPEG, *SOURCE, "-f", "flv", f"rtmp://{HERE}/live/main?key=x")
    )
    words = f"publish refused: wrong key from {THERE}"
    wait_until(
        lambda: sum(words in line for line in installation.words("restream-agent")) == 7, 10, "the line"
    )
    accepted, _ = publish(installation, INGEST_KEY, seconds=0.5)
    assert (accepted, wrong.poll()) == (True, None)
    end_group(wrong)


def test_a_stranger_does_not_hide_who_publishes(installation: Installation) -> None:
    """A client without a key sends a description of itself that neither JSON nor XML can represent."""
    obs = Obs(installation.container, PUBLISH_URL).start()
    obs.wait_published()
    installation.container.wait_until(lambda: installation.state() == "live", 20, "OBS to be live")
    strange = "\"$(printf '\\001\\033\\377')\""
    options = f"-rtmp_swfurl {strange} -rtmp_flashver {strange}"
    publish = f"{' '.join((*FFMPEG, *SOURCE))} {options} -f flv 'rtmp://127.0.0.1/live/main?key=wrong'"
    heard = len(installation.words("restream-agent.service", lines=10_000))
    for _ in range(3):
        stranger = installation.container.popen(("sh", "-c", publish))
        while stranger.poll() is None:
            # A new agent asks the server for its publishers.
            status = json.loads(installation.product("status", "--json"))
            assert (status["ingest"], status["publisher"]["stream"]) == ("up", "main")
    said = "\n".join(installation.words("restream-agent.service", lines=10_000)[heard:])
    obs.kill()
    assert "wrong key" in said
    assert "no sense" not in said
