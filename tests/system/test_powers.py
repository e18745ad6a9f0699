"""Permissions of the unprivileged users, the places of the keys, and a broadcast without its agent."""

import json

import pytest

from restream_agent.systemd import escaping
from tests.demo.install import ETC, HOLD_SECONDS, INGEST_KEY, PUBLISH_URL
from tests.lab.obs import Obs
from tests.system.installation import Installation

pytestmark = pytest.mark.system

ALLOWED = (
    ("start", "restream.target"),
    ("restart", "ffmpeg-relay@alpha.service"),
    ("start", "restream-off-air.timer"),
    ("stop", "restream-off-air.timer"),
    ("stop", "restream.target"),
    ("start", "restream-forget.service"),
    ("start", "restream-apply.service"),
    ("restart", "restream-ingest.service"),
)
REFUSED = (
    ("systemctl", "start", "systemd-tmpfiles-clean.service"),
    ("systemctl", "stop", "restream-ingest.service"),
    ("systemctl", "reload", "restream-ingest.service"),
    ("systemctl", "restart", "restream-agent.service"),
    ("systemctl", "start", "fallback.socket"),
    ("systemctl", "kill", "fallback.service"),
    ("systemctl", "freeze", "fallback.service"),
    ("systemctl", "set-property", "restream.target", "Description=x"),
    ("systemctl", "set-property", "fallback.service", "CPUWeight=1"),
    ("systemctl", "enable", "restream-apply.service"),
    ("systemctl", "mask", "--runtime", "restream-off-air.service"),
    ("systemctl", "daemon-reload"),
    ("systemctl", "set-environment", "LD_PRELOAD=/tmp/x"),
    ("systemctl", "poweroff"),
    ("systemd-run", "--no-ask-password", "true"),
    ("touch", "/etc/systemd/system/restream-mine.service"),
    ("touch", "/etc/systemd/system/restream.target.d/20-mine.conf"),
    ("touch", "/run/systemd/system/restream-mine.service"),
    ("touch", f"{ETC}/restream.toml"),
    ("touch", "/run/restream/live.sock"),
    ("ls", f"{ETC}/credentials"),
    ("cat", f"{ETC}/credentials/alpha"),
    ("cat", f"{ETC}/hook-token"),
    ("cat", "/var/lib/restream-agent/manifest.json"),
)
ARGUMENTS = (
    "%n", "%%", "$HOME", "${HOME}", "$$", "\\", "a\\", "\\x41", '"', "'", "a b", "", ";", "a;b", "#", "|",
    "&&", "`id`", "$(id)", "line\nbreak", "tab\t", "\x1b[0m", "ü漢", "-o", "@", "{a,b}", "~", "*",
)  # fmt: skip


@pytest.mark.parametrize("call", ALLOWED, ids=" ".join)
def test_the_agents_user_may_run_the_broadcast(installation: Installation, call: tuple[str, str]) -> None:
    """polkit lets the user restream start and stop the units of a broadcast."""
    installation.container.run(("systemctl", "--no-ask-password", *call), user="restream", timeout=60)


@pytest.mark.parametrize("call", REFUSED, ids=" ".join)
def test_the_agents_user_may_do_nothing_else(installation: Installation, call: tuple[str, ...]) -> None:
    """Another unit, another verb, a system file or a key is refused."""
    if call[0] == "systemctl":
        call = ("systemctl", "--no-ask-password", *call[1:])
    done = installation.container.run(call, user="restream", check=False)
    assert done.returncode != 0
    said = done.stderr.lower()
    assert any(word in said for word in ("denied", "authenti", "not permitted", "invalid")), said


def test_no_key_is_where_others_look(installation: Installation) -> None:
    """During a broadcast no process, unit, journal line or readable file shows a key or the hook token."""
    installation.on_air()
    obs = Obs(installation.container, PUBLISH_URL).start()
    installation.container.wait_until(lambda: installation.state() == "live", 15, "OBS to be live")
    token = installation.container.read(f"{ETC}/hook-token").strip()
    secrets = (INGEST_KEY, "alpha-key", "beta-key", token)
    places = """
        umask 077; exec > /run/shown
        systemctl show '*' --all; systemctl cat '*' 2>/dev/null; journalctl --no-pager -o export
        for group in $(grep -l '\\.service' /proc/[0-9]*/cgroup); do
            cat ${group%cgroup}cmdline ${group%cgroup}environ
        done | tr '\\0' '\\n'
        runuser -u nobody -- grep -rahs -e '' /etc /run /var/lib/restream-agent /var/log
    """
    installation.container.run(("sh", "-c", places), timeout=60, check=False)
    obs.stop()
    proofs = ("key.ffpreset", "ffmpeg-relay@alpha.service", "-rtmp_app")
    assert [text for text in (*proofs, *secrets) if is_shown(installation, text)] == list(proofs)


def is_shown(installation: Installation, text: str) -> bool:
    """Tell whether the collected places contain a text; grep also finds it in binary data."""
    return installation.container.run(("grep", "-aqF", "-e", text, "/run/shown"), check=False).returncode == 0


def test_the_hold_ends_the_broadcast_without_the_agent(installation: Installation) -> None:
    """OBS leaves, then agent and socket stop. When the hold ends, systemd takes the channel off air."""
    installation.edit(installation.toml.replace(f'hold = "{HOLD_SECONDS}s"', 'hold = "3s"'))
    obs = Obs(installation.container, PUBLISH_URL).start()
    installation.container.wait_until(lambda: installation.state() == "live", 15, "OBS to be live")
    obs.stop()
    installation.container.wait_until(
        lambda: installation.container.is_active("restream-off-air.timer"), 10, "the hold to begin"
    )
    installation.container.run(("systemctl", "stop", "restream-agent.socket", "restream-agent.service"))
    assert installation.container.is_active("restream.target")
    installation.container.wait_until(
        lambda: not installation.container.is_active("restream.target"), 10, "the hold to run out"
    )
    assert not installation.container.is_active("restream-agent.service")
    installation.container.run(("systemctl", "start", "restream-agent.socket", "restream-agent.service"))


def test_systemd_reads_an_argv_as_it_was_meant(installation: Installation) -> None:
    """A program with a difficult name gets difficult arguments and a credential's name unchanged."""
    program = "/opt/a$b %n ü;"  # systemd refuses quotes and backslashes there
    title = "100 %n \\"
    secret = "/opt/key-of-100%n$x;ü'\""  # without blanks and backslashes: systemd 255 fails with them
    show = (
        "#!/usr/bin/python3\nimport json, os, sys\n"
        "key = open(os.environ['CREDENTIALS_DIRECTORY'] + '/key').read()\n"
        "print(json.dumps([sys.argv[1:], key]))\n"
    )
    installation.container.write(program, show, mode=0o755)
    installation.container.write(secret, "the key")
    installation.container.write(
        "/etc/systemd/system/difficult.service",
        f"[Unit]\nDescription={escaping.value(title)}\n[Service]\nType=oneshot\n"
        f"LoadCredential=key:{escaping.value(secret)}\nStandardOutput=file:/run/difficult\n"
        f"ExecStart={escaping.command((program, *ARGUMENTS))}\n",
    )
    installation.container.run(("systemctl", "daemon-reload"))
    installation.container.run(("systemctl", "start", "difficult.service"))
    assert json.loads(installation.container.read("/run/difficult")) == [list(ARGUMENTS), "the key"]
    assert installation.show("difficult.service", "Description") == title
