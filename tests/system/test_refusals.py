"""What cannot work is refused by check and apply, with the remedy; nothing of the author runs as root."""

import pytest

from tests.demo.install import ETC, POLICY, PROGRAM
from tests.lab.container import end_group
from tests.system.conftest import CLUB, KEY
from tests.system.installation import TOML, Installation

pytestmark = pytest.mark.system

VIDEO = "/lab/clip.mp4"
OPEN = """\
videos = ["/root/", "/home/", "/tmp/"]
key_files = ["/opt/"]
binaries = ["/opt/", "/srv/alice/"]
"""
MAKE_VIDEO = ("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=d=1:s=128x128:r=10", "-y", VIDEO)
# Says who runs it, which is in apply's error message.
TELLTALE = '#!/bin/sh\nid -u >&2\nwc -c "$3" >&2\ntouch /etc/restream-agent/by-the-author\nexit 1\n'


def refused(installation: Installation, toml: str, *, code: int = 78) -> str:
    """Return what check and apply say of a TOML that both refuse; the file is put back."""
    installation.container.run(("systemctl", "stop", "restream-agent.service"))
    installation.container.write(TOML, toml)
    try:
        said = installation.product("check", code=code)
        applied = installation.product("apply", code=code)
    finally:
        installation.container.write(TOML, installation.toml)
        installation.container.run(("systemctl", "start", "restream-agent.service"))
    assert "Traceback" not in said + applied
    return applied


def with_video(installation: Installation, video: str) -> str:
    return installation.toml.replace("[fallback]\n", f'[fallback]\nvideo = "{video}"\n')


def with_binary(installation: Installation, binary: str) -> str:
    return installation.toml.replace("[ingest]\n", f'[ingest]\nbinary = "{binary}"\n')


@pytest.fixture(scope="module", autouse=True)
def video(applied: Installation) -> None:
    """Make a video, and a user with a home of mode 0700; open all of it in the policy."""
    applied.container.write(POLICY, OPEN)
    applied.container.run(("useradd", "--create-home", "alice"))
    applied.container.run(("chmod", "0700", "/home/alice"))
    applied.container.run(MAKE_VIDEO)


@pytest.mark.parametrize(("place", "stop"), [("/root", "/root"), ("/home/alice/videos", "/home/alice")])
def test_a_video_that_the_preparation_cannot_reach_is_refused(
    applied: Installation, place: str, stop: str
) -> None:
    """A readable file in a directory of mode 0700: the message names the directory."""
    applied.container.run(("chmod", "0700", stop))
    applied.container.run(("install", "-D", "-m", "644", VIDEO, f"{place}/fallback.mp4"))
    said = refused(applied, with_video(applied, f"{place}/fallback.mp4"))
    assert f"may not enter {stop}" in said


def test_a_video_in_tmp_is_refused(applied: Installation) -> None:
    """The preparation has a /tmp of its own."""
    applied.container.run(("install", "-m", "644", VIDEO, "/tmp/fallback.mp4"))
    assert "a /tmp of its own" in refused(applied, with_video(applied, "/tmp/fallback.mp4"))


def test_a_video_within_reach_is_taken(applied: Installation) -> None:
    """In a home that others may enter, too."""
    applied.container.run(("chmod", "0711", "/home/alice"))
    applied.container.run(("install", "-D", "-m", "644", VIDEO, "/home/alice/videos/open.mp4"))
    applied.container.write("/run/open.toml", with_video(applied, "/home/alice/videos/open.mp4"))
    assert "ok" in applied.product("check", "--config", "/run/open.toml")


def test_a_server_that_is_not_executable_is_refused_by_check(applied: Installation) -> None:
    """With the command that makes it executable."""
    applied.container.write("/opt/server", TELLTALE, mode=0o644)
    said = refused(applied, with_binary(applied, "/opt/server"), code=1)
    assert "/opt/server is not executable" in said
    assert "chmod a+rx /opt/server" in said


def test_a_server_that_a_user_could_replace_is_refused(applied: Installation) -> None:
    """By the file, or by a directory on the way."""
    applied.container.write("/srv/alice/bin/server", TELLTALE, mode=0o755)
    applied.container.run(("chown", "alice", "/srv/alice"))
    said = refused(applied, with_binary(applied, "/srv/alice/bin/server"), code=1)
    assert "could be replaced by others than root, who may change /srv/alice" in said
    applied.container.run(("chown", "root", "/srv/alice"))
    applied.container.run(("chown", "alice", "/srv/alice/bin/server"))
    assert "may change /srv/alice/bin/server" in refused(
        applied, with_binary(applied, "/srv/alice/bin/server"), code=1
    )


def test_the_test_of_the_server_runs_without_root(applied: Installation) -> None:
    """Neither root nor the server's own user; it reads the configuration and writes nowhere."""
    applied.container.write("/opt/server", TELLTALE, mode=0o755)
    applied.container.write("/run/own.toml", with_binary(applied, "/opt/server"))
    said = applied.product("apply", "--config", "/run/own.toml", code=1)
    uid, size, *_ = said.partition("refuses its configuration:\n")[2].split()
    assert (int(uid) > 1000, int(size) > 500) == (True, True), said
    assert applied.container.run(("ls", ETC)).stdout.find("by-the-author") == -1


def test_a_key_file_may_not_be_a_device_or_a_secret_of_ours(applied: Installation) -> None:
    """Not even by a link that root has made."""
    applied.container.run(("ln", "-sf", f"{ETC}/hook-token", "/opt/linked"))
    for file in ("/opt/linked", "/dev/zero", f"{ETC}/hook-token"):
        toml = applied.toml.replace('{ credential = "club" }', f'{{ file = "{file}" }}')
        assert "secret of your own" in refused(applied, toml)


def test_a_platform_added_before_its_key_is_applied_with_it(applied: Installation) -> None:
    """The automatic apply fails without the key; `secret set` has it tried again."""
    toml = applied.toml + CLUB.replace("club", "late")
    applied.edit(toml, succeeds=False)
    said = applied.container.run((PROGRAM, "secret", "set", "late"), input="late-key \r\n").stdout
    assert "is tried again" in said
    applied.container.wait_until(
        lambda: applied.container.run(("ls", "/etc/systemd/system")).stdout.find("ffmpeg-relay@late") >= 0,
        20,
        "the relay to be configured",
    )
    applied.toml = toml


def test_without_polkit_nothing_is_accepted(applied: Installation) -> None:
    """Masked: check, and an apply that has nothing to change, say so and what to do."""
    applied.container.run(("systemctl", "mask", "--now", "polkit.service"))
    try:
        for command in ("check", "apply"):
            said = applied.product(command, code=1)
            assert "polkit is masked; without it the agent cannot start a broadcast" in said
            assert "systemctl unmask polkit.service" in said
    finally:
        applied.container.run(("systemctl", "unmask", "polkit.service"))


def test_a_denied_start_is_a_problem_for_a_monitor(applied: Installation) -> None:
    """OBS publishes and nothing goes on air: /healthz says so until polkit is back."""
    healthz = ("curl", "-sS", "-w", "\n%{http_code}", "127.0.0.1:8085/healthz")
    publish = ("ffmpeg", "-v", "error", "-re", "-stream_loop", "-1", "-i", VIDEO, "-c", "copy", "-f", "flv")

    def answer() -> str:
        return applied.container.run(healthz).stdout

    applied.container.run(("systemctl", "mask", "--now", "polkit.service"))
    obs = applied.container.popen((*publish, f"rtmp://127.0.0.1/live/main?key={KEY}"))
    try:
        refusal = "systemd refuses what the agent asks for"
        applied.container.wait_until(lambda: refusal in answer(), 20, "/healthz to notice")
        assert answer().endswith("503")
        assert "systemd does not let the agent start and stop units" in applied.product("status")
        applied.container.run(("systemctl", "unmask", "polkit.service"))
        applied.container.wait_until(lambda: answer() == "ok\n\n200", 20, "/healthz to be well again")
    finally:
        end_group(obs)
        applied.container.run(("systemctl", "unmask", "polkit.service"))
        applied.product("off-air")


def test_a_polkit_that_says_no_fails_apply(applied: Installation) -> None:
    """A rule of the machine's comes before ours: an apply that has nothing to change says so, too."""
    other = "/etc/polkit-1/rules.d/10-no.rules"
    applied.container.write(other, "polkit.addRule(function () { return polkit.Result.NO; });\n")
    applied.container.run(("systemctl", "restart", "polkit.service"))
    try:
        said = applied.product("apply", code=1)
        assert "polkit does not let the agent start restream.target; the rule is in /etc/polkit-1" in said
    finally:
        applied.container.run(("rm", other))
    applied.product("apply")
