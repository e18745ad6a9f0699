"""systemd and the ingest servers check the rendered files."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from restream_agent.base import paths
from restream_agent.base.errors import RestreamError
from restream_agent.base.file_tree import File
from restream_agent.render import assets
from restream_agent.render.templates import Templates
from restream_agent.render.tree import render
from restream_agent.systemd import systemctl, unit_names
from tests.golden.rendering import CASES, MODULE, SERVER_BINARY, fixed_facts, read, stage
from tests.lab.skips import NO_SRS

BY_NAME = {case.name: case for case in CASES}
LIMITS = {
    "ffmpeg-relay@.service": 2.0,
    "live@.service": 2.0,
    "fallback.service": 2.0,
    "restream-agent.service": 2.0,
    "restream-fallback-prepare.service": 2.0,
    "restream-ingest.service": 3.5,
    "restream-apply.service": 3.5,
    "restream-off-air.service": 3.5,
    "restream-forget.service": 3.5,
    "restream-fallback-convert@.service": 2.0,
}
MORE_LIMITS = {
    "notify": {"restream-notify.service": 2.0},
    "three-channels": {
        "fallback@.service": 2.0,
        "ffmpeg-relay@es.club.service": 2.0,
        "live@es.service": 2.0,
        "restream-fallback-prepare@.service": 2.0,
        "restream-forget@.service": 3.5,
        "restream-off-air@.service": 3.5,
    },
}
needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze not found")


def analyze(*arguments: str, units: Path) -> subprocess.CompletedProcess[str]:
    environment = {"SYSTEMD_UNIT_PATH": f"{units}:", "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    return subprocess.run(
        ("systemd-analyze", *arguments),
        timeout=60,
        check=False,
        capture_output=True,
        text=True,
        env=environment,
        cwd=units,
    )


@needs_systemd
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_systemd_accepts_every_unit(case: Path, tmp_path: Path) -> None:
    """`systemd-analyze verify` exits with 0 and writes nothing; apply's own check agrees."""
    units = stage(case, tmp_path)
    files = sorted(path.name for path in units.iterdir() if path.is_file())
    instances = [path.name.removesuffix(".d") for path in units.glob("*@?*.d")]
    instances += [path.name for path in units.parent.glob("*/*.wants/*@?*")]
    done = analyze("verify", "--man=no", *(f"./{name}" for name in files), *instances, units=units)
    assert (done.stderr, done.returncode) == ("", 0)
    systemctl.verify(units, files)


@needs_systemd
def test_apply_refuses_a_directive_that_systemd_does_not_know(tmp_path: Path) -> None:
    """systemd-analyze only warns; `verify` raises an error with systemd's message."""
    units = stage(BY_NAME["minimal-srs"], tmp_path)
    target = units / "fallback.service"
    target.write_text(target.read_text().replace("[Service]", "[Service]\nRestartEver=yes"))
    with pytest.raises(RestreamError, match=r"fallback.service.*RestartEver"):
        systemctl.verify(units, ["fallback.service"])


@needs_systemd
@pytest.mark.parametrize(
    "case", ["full", "minimal-nginx-rtmp", "privileged-port", "notify", "three-channels"]
)
def test_every_service_is_confined(case: str, tmp_path: Path) -> None:
    """`systemd-analyze security` scores each service below its limit (10 is open, 0 is closed)."""
    units = stage(BY_NAME[case], tmp_path)
    for name, limit in (LIMITS | MORE_LIMITS.get(case, {})).items():
        # systemd-analyze scores instances of a template; offline, a file of an instance's name will do.
        file = units / name.replace("@.", "@main.")
        if "@." in name:
            shutil.copy(units / name, file)
        done = analyze("security", "--offline=true", f"./{file.name}", units=units)
        score = re.search(r"exposure level for .*: ([0-9.]+)", done.stdout)
        assert score, done.stdout + done.stderr
        assert float(score[1]) <= limit, f"{name}: {score[1]}\n{done.stdout}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_ingest_server_accepts_its_configuration(case: Path, tmp_path: Path) -> None:
    """`srs -t` or `nginx -t` accepts the rendered file; only its runtime directory is another."""
    config = read(case)
    binary = SERVER_BINARY[config.ingest.server]
    if not Path(binary).exists():
        pytest.skip(NO_SRS if config.ingest.server == "srs" else f"{binary} not found")
    path = paths.INGEST_CONFIG[config.ingest.server]
    entry = render(config, fixed_facts(config), assets.load())[path]
    assert isinstance(entry, File)
    file = tmp_path / "server.conf"
    file.write_text(entry.content.replace(paths.INGEST_RUNTIME, str(tmp_path)))
    done = subprocess.run(
        ("env", "ASAN_OPTIONS=detect_leaks=0", binary, "-t", "-c", str(file)),
        timeout=30,
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_module_is_where_debian_puts_it() -> None:
    """The rendered path of nginx's RTMP module is the path in Debian's package."""
    if not Path("/usr/sbin/nginx").exists():
        pytest.skip("nginx not found")
    assert Path(MODULE).exists()


@needs_systemd
def test_systemd_accepts_the_units_that_take_an_apply_back(tmp_path: Path) -> None:
    """They belong to no configuration, and are as confined as restream-apply.service."""
    fill = Templates(fixed_facts(read(CASES[0])), assets.load())
    for name in (unit_names.TAKE_BACK_UNIT, unit_names.TAKE_BACK_TIMER):
        (tmp_path / name).write_text(fill(f"{name}.j2", within="1min"))
    program = tmp_path / "restream-agent"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    service = tmp_path / unit_names.TAKE_BACK_UNIT
    text = service.read_text()
    service.write_text(text.replace("ExecStart=restream-agent", f"ExecStart={program}"))
    systemctl.verify(tmp_path, (unit_names.TAKE_BACK_UNIT, unit_names.TAKE_BACK_TIMER))
    walls = fill(f"{unit_names.APPLY_UNIT}.j2").partition("# The sandbox that all services")[2]
    assert walls
    assert walls in text
