"""Keys are only in the files that hold them, whatever fails during a broadcast."""

from collections.abc import Iterator

import pytest

from tests.demo.install import ETC
from tests.lab.container import Container
from tests.lab.servers import SERVERS
from tests.system.planted import ALPHA, INGEST, KEY_FILE, MARK, STAMP, Planted, plant, play_broadcast

pytestmark = pytest.mark.system

# Without the binary bytes of the export format.
JOURNAL = "journalctl --no-pager -o export | tr -d '\\200-\\377'"
# Commands of a user or an administrator, each with a word that a real answer contains.
QUESTIONS = {
    JOURNAL: "publish refused: wrong key from 127.0.0.1",
    "dmesg": "",
    "systemctl show '*' --all": "Id=ffmpeg-relay@alpha.service",
    "systemctl cat restream* ffmpeg-relay@* live@* fallback.*": "LoadCredentialEncrypted=key:",
    "systemctl status '*' --no-pager --full --lines=500": "ffmpeg-relay@quoting.service",
    "systemctl show-environment": "PATH=",
    "restream-agent check": "is written in the clear",
    "restream-agent render": "ffmpeg-relay@in-url",
    "cd /root; umask 077; sed s/1min/2min/ /etc/restream-agent/restream.toml >x; "
    "restream-agent diff --config x; rm x": "OnActiveSec=2min",
    "restream-agent status; restream-agent status --json": '"relays"',
    "restream-agent -v apply; restream-agent apply --config /nonexistent": "does not exist",
    "cd /root; umask 077; sed s/1min/2min/ /etc/restream-agent/restream.toml >x; "
    "restream-agent apply -v --dry-run --config x; "
    "restream-agent apply -v --config x --confirm 10min </dev/null; "
    "restream-agent take-back; rm x": "taken back: the machine is as it was",
    "echo bad key | restream-agent secret set alpha; restream-agent secret list": "encrypted",
    "restream-agent secret remove alpha": "in use by alpha",
    "for one in api/status healthz metrics; do curl -s http://127.0.0.1:8085/$one; done": "ok",
    "cat /var/lib/restream-agent/manifest.json": "alpha",
}
SERVER_QUESTIONS = {
    "srs": "curl -s 'http://127.0.0.1:1985/api/v1/'{clients,streams,vhosts,summaries,self_proc_stats}/",
    "nginx-rtmp": "curl -s http://127.0.0.1:1985/stat",
}
# Every process that systemd started; the stand-ins for OBS are not among them.
PROCESSES = """
    for group in $(grep -l '\\.service' /proc/[0-9]*/cgroup); do
        for file in cmdline environ comm; do cat ${group%cgroup}$file; echo; done
    done | tr '\\0' '\\n'
"""
# Files written since the keys were written, since only those can contain them; without those of the lab.
EVERYWHERE = (
    "find /etc /run /var /opt /tmp /root /home /srv /dev/shm -path '/var/tmp/restream-lab-*' -prune "
    f"-o -type f -cnewer {STAMP} -print0 2>/dev/null "
    f"| xargs -0r grep -las -e {MARK} | sort"
)


@pytest.fixture(scope="module", params=SERVERS)
def planted(request: pytest.FixtureRequest) -> Iterator[Planted]:
    """Play a broadcast full of failures; OBS is live afterwards."""
    with Container() as container:
        found = plant(container, request.param)
        obs = play_broadcast(found)
        yield found
        obs.kill()


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_answer_shows_a_key(planted: Planted, question: str) -> None:
    """Journal, systemctl, restream-agent and the HTTP API show neither a key nor the hook token."""
    answer = planted.shell(question)
    assert QUESTIONS[question] in answer
    assert hidden_in(planted, answer) == []


def test_the_server_s_own_pages_show_no_key(planted: Planted) -> None:
    """SRS's HTTP API and nginx-rtmp's stat page, while OBS publishes."""
    answer = planted.container.run(("bash", "-c", SERVER_QUESTIONS[planted.server])).stdout
    assert "main" in answer
    assert hidden_in(planted, answer) == []


def test_no_process_shows_a_key(planted: Planted) -> None:
    """No argument, environment or process name has one, for every kind of relay."""
    shown = planted.shell(PROCESSES)
    assert "key.ffpreset" in shown
    assert "restream_agent.program" in shown
    assert hidden_in(planted, shown) == []


def test_the_keys_are_in_root_s_files_alone(planted: Planted) -> None:
    """They are in the stored credentials, in the TOML if written there, and in those of running units."""
    found = planted.shell(EVERYWHERE).splitlines()
    units = ("/run/credentials/", "/run/ffmpeg-relay-", "/run/private/ffmpeg-relay-")
    stored = {one for one in found if not one.startswith(units)}
    assert stored == {
        f"{ETC}/restream.toml",
        f"{ETC}/credentials/ingest",
        f"{ETC}/credentials/quoted",
        f"{ETC}/inline-keys/unreachable",
        f"{ETC}/inline-keys/in-url",
        KEY_FILE,
    }
    modes = planted.shell(f"stat -c %a:%U {' '.join(sorted(stored))}").split()
    assert set(modes) == {"600:root"}


@pytest.mark.parametrize("user", ["nobody", "restream", "restream-ingest"])
def test_another_user_finds_no_key_at_all(planted: Planted, user: str) -> None:
    """No file, process, systemd command, journal or API answer shows one to this user."""
    found = planted.shell(EVERYWHERE, user=user)
    own = [one for one in found.splitlines() if not one.startswith("/run/credentials/restream-agent.service")]
    assert (own, user == "restream" or found == "") == ([], True)
    asked = (
        "systemctl show '*' --all; systemctl cat 'restream*' 'ffmpeg-relay@*'; restream-agent status; "
        f"{JOURNAL}; "
        "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' '\\n' | grep -v ^rtmp:"
    )
    assert hidden_in(planted, planted.shell(asked, user=user)) == []


def test_nobody_left_a_core(planted: Planted) -> None:
    """The agent and a relay were killed with signals that dump core, but no core file was written."""
    places = "/run /var /opt /tmp /root /home /dev/shm"
    assert planted.shell(f"find {places} -name 'core*' -cnewer {STAMP} -type f 2>/dev/null") == ""
    units = (
        "restream-agent.service",
        "ffmpeg-relay@alpha.service",
        "restream-ingest.service",
        "fallback.service",
    )
    assert planted.shell(f"systemctl show -P LimitCORE {' '.join(units)}").split() == ["0"] * 4


def test_a_changed_secret_restarts_its_users_alone(planted: Planted) -> None:
    """`secret set` names the next step and restarts nothing; `apply` restarts the relay that uses the key."""
    before = planted.runs()
    assert set(before) >= {"ffmpeg-relay@alpha.service", "fallback.service", "restream-agent.service"}
    said = planted.container.run(("restream-agent", "secret", "set", "alpha"), input=f"{ALPHA}-new\n").stdout
    assert "restream-agent apply" in said
    assert before == planted.runs()
    applied = planted.shell("restream-agent apply")
    assert [line for line in applied.splitlines() if line.startswith("restart ")] == [
        "restart ffmpeg-relay@alpha.service"
    ]


def hidden_in(planted: Planted, text: str) -> list[str]:
    """Return the lines of a text that show a planted key or the hook token."""
    token = planted.container.read(f"{ETC}/hook-token").strip()
    return [line for line in text.splitlines() if MARK in line or token in line]


def test_the_search_would_find_a_key(planted: Planted) -> None:
    """These searches find a key in an argument of a unit's process, in the journal, and in a file."""
    planted.shell(f"systemd-run --unit=leak sh -c 'echo {INGEST} >/var/log/leak; logger {INGEST}; sleep 60'")
    planted.container.wait_until(lambda: planted.container.is_active("leak.service"), 10, "the leak")
    assert hidden_in(planted, planted.shell(PROCESSES))
    planted.container.wait_until(
        lambda: hidden_in(planted, planted.shell(JOURNAL)),
        10,
        "the log",
    )
    assert "/var/log/leak" in planted.shell(EVERYWHERE)
