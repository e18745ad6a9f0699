"""The first apply on a machine without the product: a failed apply leaves nothing behind."""

from collections.abc import Iterator

import pytest

from tests.demo.install import ETC, PROGRAM, _install_wheel, configuration
from tests.lab.container import Container
from tests.system.installation import TOML, Installation

pytestmark = pytest.mark.system

KEY = "live_hidden_key"
CLUB = '\n[platforms.club]\nurl = "rtmp://127.0.0.1:21000/app"\nkey = { credential = "club" }\n'
# The accounts that apply makes are kept: files that belong to them may be anywhere by then.
ACCOUNTS = ("passwd", "group", "shadow", "gshadow", "subuid", "subgid", ".pwd.lock")
# This directory precedes /etc (systemd.unit(5)), so that it masks the units that apply installs there.
MASK = "/run/systemd/system.control/restream-ingest.service"


@pytest.fixture(scope="module")
def bare() -> Iterator[Installation]:
    """Boot, install the wheel, write the TOML and the keys, but do not apply."""
    with Container() as container:
        _install_wheel(container)
        container.run((PROGRAM, "init"))
        toml = configuration("nginx-rtmp", ()) + CLUB
        container.write(TOML, toml)
        container.write(f"{ETC}/credentials/club", f"{KEY}\n", mode=0o600)
        yield Installation(container, "nginx-rtmp", {}, toml)


def everything(installation: Installation) -> list[str]:
    """Return the files of /etc without directories and accounts."""
    lines = installation.files().splitlines()
    kept = [line for line in lines if line.split()[1:2] != ["d"]]
    return [line for line in kept if not any(f"/etc/{name}" in line for name in ACCOUNTS)]


def test_a_user_who_is_not_root_is_told_so(bare: Installation) -> None:
    """Exit code 1, and neither a key nor a traceback in the output."""
    for command in ("check", "diff", "apply", "on-air", "off-air"):
        done = bare.container.run((PROGRAM, command), user="nobody", check=False)
        assert (done.returncode, done.stdout) == (1, ""), done.stderr
        assert "sudo" in done.stderr
        assert "Traceback" not in done.stderr
        assert KEY not in done.stderr


def test_a_port_in_use_is_named_and_nothing_is_written(bare: Installation) -> None:
    """Exit code 1; the message has the port and the command that shows which process uses it."""
    before = everything(bare)
    with bare.serving(1935, "python3", "-m", "http.server", "--bind", "127.0.0.1", "1935"):
        said = bare.product("apply", code=1)
    assert "0.0.0.0:1935, which restream-ingest.service needs, is in use by another program" in said
    assert "ss -ltnp 'sport = :1935'" in said
    assert before == everything(bare)


def test_a_unit_that_does_not_start_takes_all_back(bare: Installation) -> None:
    """Every new file is removed, and every unit that was started is stopped."""
    before = everything(bare)
    bare.container.run(("sh", "-c", f"mkdir -p {MASK.rpartition('/')[0]} && ln -sf /dev/null {MASK}"))
    bare.container.run(("systemctl", "daemon-reload"))
    said = bare.product("apply", code=1)
    bare.container.run(("rm", MASK))
    bare.container.run(("systemctl", "daemon-reload"))
    assert "restream-ingest.service is masked" in said
    assert "restoring what was there" in said
    assert KEY not in said
    assert before == everything(bare)
    assert bare.runs() == {}


def test_then_the_first_apply_works(bare: Installation) -> None:
    """Without the obstacle the same command starts everything, also where polkit runs already."""
    bare.container.run(("systemctl", "restart", "polkit"))
    bare.product("apply")
    assert bare.container.is_active("restream-ingest.service")
    assert bare.product("diff") == ""


def test_an_apply_by_systemd_makes_missing_accounts(bare: Installation) -> None:
    """restream-apply makes them inside its sandbox, as after an update: user, group, group of its files."""
    bare.container.run(("userdel", "--force", "restream-ingest"))
    bare.container.run(("rm", "/etc/sysusers.d/restream-agent.conf", f"{ETC}/nginx-rtmp.conf"))
    bare.container.run(("systemctl", "start", "restream-apply.service"), timeout=60)
    bare.container.run(("systemctl", "restart", "restream-ingest.service"))
    group = bare.container.run(("stat", "-c", "%U:%G %a", f"{ETC}/nginx-rtmp.conf")).stdout.strip()
    assert (group, bare.product("diff")) == ("root:restream-ingest 640", "")
