"""What the package says and brings: licences, accounts, directories, and the packages that it needs."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from release.accounts import account_files
from release.licences import copyright_file
from release.site_packages import leave_to_dpkg
from restream_agent.base import files, paths
from restream_agent.base.process import _PACKAGES

PROJECT = Path(__file__).resolve().parents[3]
CONTROL = (PROJECT / "debian/control").read_text()
GOLDEN = PROJECT / "tests/golden/minimal-srs/expected/etc"
APACHE = "   Apache License\n   Version 2.0, January 2004\n\nlong text\n\n   END OF TERMS AND CONDITIONS\n"


def distribution(site_packages: Path, name: str, about: str = "", text: str = "") -> None:
    """Make what pip leaves of an installed package."""
    directory = site_packages / f"{name}-1.0.dist-info"
    (directory / "licenses").mkdir(parents=True)
    (directory / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n{about}\n")
    if text:
        (directory / "licenses/LICENSE").write_text(text)
    record = f"{name}.py,,\n{name}-1.0.dist-info/METADATA,,\n../../bin/{name},,\nbin/{name},,\n"
    (directory / "RECORD").write_text(record)
    (site_packages / f"{name}.py").touch()


def test_the_copyright_file_has_the_licence_of_each_part(tmp_path: Path) -> None:
    """Files, holder and text; ours is the first paragraph."""
    distribution(tmp_path, "restream-agent", text="ours")
    distribution(tmp_path, "one", text="BSD\n\nCopyright (c) 2020 Someone\nDo as you like.\n")
    text = copyright_file("MIT License\n\nfree", tmp_path)
    assert (
        "Files: *\nCopyright: 2026 The restream-agent authors\nLicense: Expat\n MIT License\n .\n free\n"
        in text
    )
    at = "usr/lib/restream-agent/lib/*/site-packages"
    assert f"Files: {at}/one-1.0.dist-info* {at}/one.py*\nCopyright: (c) 2020 Someone\n" in text
    assert " BSD\n .\n Copyright (c) 2020 Someone\n Do as you like.\n" in text
    assert "ours" not in text


def test_the_apache_licence_is_named_by_its_place_on_each_debian(tmp_path: Path) -> None:
    """Debian's policy wants no further copy."""
    distribution(tmp_path, "two", "Author: Somebody", APACHE + "Copyright notice\n")
    text = copyright_file("ours", tmp_path)
    assert "/usr/share/common-licenses/Apache-2.0" in text
    assert "long text" not in text
    assert "Copyright notice" in text


def test_a_dependency_without_a_licence_stops_the_build(tmp_path: Path) -> None:
    """A named licence is enough; none is not."""
    distribution(tmp_path, "named", "License-Expression: MIT")
    assert " Licence: MIT\n" in copyright_file("ours", tmp_path)
    distribution(tmp_path, "nothing")
    with pytest.raises(ValueError, match="nothing names no licence"):
        copyright_file("ours", tmp_path)


def test_pip_cannot_change_what_belongs_to_dpkg(tmp_path: Path) -> None:
    """No RECORD, no second copy of licences, no tests; what `--version` reads stays."""
    distribution(tmp_path, "one", text="BSD")
    (tmp_path / "one/tests").mkdir(parents=True)
    leave_to_dpkg(tmp_path)
    left = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert left == ["one-1.0.dist-info/METADATA", "one.py"]
    assert not (tmp_path / "one/tests").exists()


@pytest.mark.parametrize("kind", ["sysusers", "tmpfiles"])
def test_accounts_and_directories_are_those_of_apply(kind: str) -> None:
    """But for the first lines, which say where the file is from."""
    applied = (GOLDEN / f"{kind}.d/restream-agent.conf").read_text()
    ours = account_files()[kind]
    assert [line for line in ours.splitlines() if not line.startswith("# ")] == [
        line for line in applied.splitlines() if not line.startswith("# ")
    ]
    assert ours.startswith("# Part of the package.")


@pytest.mark.parametrize(
    "path", [paths.MANIFEST, paths.LIVE_PROFILE, paths.CONFIG, f"{paths.OWN_DIRECTORY}*/"]
)
def test_a_boot_removes_what_a_power_cut_has_left(path: str) -> None:
    """Of every file that is not made anew: base/files.py writes it under a name for the moment."""
    assert f"r!    {path.rpartition('/')[0]}/{files.TEMPORARY}*" in account_files()["tmpfiles"].splitlines()


def test_every_program_that_we_run_is_in_a_package_that_apt_installs() -> None:
    """Those that error messages name, and those in the units."""
    needed = {word for packages in _PACKAGES.values() for word in packages.split()}
    templates = [path.read_text() for path in (PROJECT / "templates").iterdir()]
    needed |= {"procps"} if any("/bin/kill" in text for text in templates) else set()
    said = re.sub(r"^#.*\n", "", CONTROL, flags=re.MULTILINE).partition("\nDepends:")[2]
    brought, _, suggested = said.partition("\nDescription:")[0].partition("\nSuggests:")
    installed = set(re.findall(r"[a-z0-9][a-z0-9.+-]+", brought))
    assert (needed | {"polkitd", "ca-certificates", "fonts-dejavu-core"}) - installed == {"git"}
    assert "git," in suggested  # for a TOML from a repository alone


def test_every_override_of_lintian_has_its_reason() -> None:
    """A comment stands right above each."""
    blocks = (PROJECT / "debian/restream-agent.lintian-overrides").read_text().strip().split("\n\n")
    assert [
        block for block in blocks if not block.startswith("# ") or "\nrestream-agent: " not in block
    ] == []


def test_the_package_brings_no_unit() -> None:
    """`apply` makes them all, so an installation alone starts nothing."""
    names = {path.name for path in (PROJECT / "debian").iterdir()}
    assert not any(name.endswith((".service", ".socket", ".timer", ".target")) for name in names)
    assert "dh_installsystemd" not in (PROJECT / "debian/rules").read_text()


@pytest.mark.parametrize("name", ["preinst", "postinst", "prerm", "postrm"])
def test_a_script_of_the_package_is_plain_shell_that_stops_at_an_error(name: str) -> None:
    """Any sh reads it, and no Python is needed for what puts a version back."""
    script = PROJECT / f"debian/restream-agent.{name}"
    subprocess.run(("sh", "-n", str(script)), check=True, timeout=30)
    text = script.read_text()
    assert text.startswith("#!/bin/sh\n")
    assert "\nset -e\n" in text
    assert "#DEBHELPER#" in text
    assert "python" not in text.lower().replace("no python of the new version is needed", "")


def run_script(name: str, *arguments: str, root: Path, programs: str = "/nonexistent") -> None:
    """Run a script of the package as dpkg does, below a root; `programs` is where it finds programs."""
    text = (PROJECT / f"debian/restream-agent.{name}").read_text()
    for path in ("/run/", "/var/lib/", "/usr/lib/", "/etc/"):
        text = text.replace(path, f"{root}{path}")
    environment = {"PATH": programs}
    subprocess.run(("/bin/sh", "-c", text, name, *arguments), check=True, timeout=30, env=environment)


def applied_root(place: Path, *tools: str, **fakes: str) -> Path:
    """Make a root where systemd runs and something is applied; return the directory of its programs.

    `tools` are the machine's own, and `fakes` shell scripts by their names, with _ for a dash.
    """
    for path in ("run/systemd/system", "var/lib/restream-agent", "usr/lib/restream-agent", "programs"):
        (place / path).mkdir(parents=True)
    (place / "var/lib/restream-agent/manifest.json").write_text("{}")
    (place / "usr/lib/restream-agent/version").write_text("installed")
    for name in tools:
        (place / "programs" / name).symlink_to(f"/usr/bin/{name}")
    for name, script in fakes.items():
        program = place / "programs" / name.replace("_", "-")
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    return place / "programs"


def test_an_apply_that_waits_to_be_confirmed_is_decided_before_an_upgrade(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """preinst stops dpkg, says why, and leaves no copy: the installed version runs on."""
    programs = applied_root(tmp_path)
    (tmp_path / "var/lib/restream-agent/unconfirmed.json").write_text("{}")
    with pytest.raises(subprocess.CalledProcessError):
        run_script("preinst", "upgrade", "1.0", "2.0", root=tmp_path, programs=str(programs))
    assert "restream-agent confirm keeps it" in capfd.readouterr().err
    assert [path.name for path in (tmp_path / "usr/lib").iterdir()] == ["restream-agent"]


def test_after_an_interrupted_upgrade_the_copy_of_what_ran_is_kept(tmp_path: Path) -> None:
    """What is installed then may be half of the new version; the package of before is kept as well."""
    programs = applied_root(tmp_path, "rm", "cp", "mv", dpkg_query="exit 1")
    copy = tmp_path / "usr/lib/restream-agent.previous"
    copy.mkdir()
    (copy / "version").write_text("what ran")
    package = tmp_path / "var/lib/restream-agent/previous.deb"
    package.write_text("what ran")
    run_script("preinst", "upgrade", "1.0", "2.0", root=tmp_path, programs=str(programs))
    assert ((copy / "version").read_text(), package.read_text()) == ("what ran", "what ran")


@pytest.mark.parametrize("moves", [0, 1, 2])
def test_a_version_is_put_back_over_a_power_off(tmp_path: Path, moves: int) -> None:
    """Wherever it happens, dpkg does not call the new version installed, and the next run goes on."""
    done = tmp_path / "moves"
    mv = f'[ "$(cat {done})" != x{"x" * moves} ] || exit 1; printf x >> {done}; /usr/bin/mv "$@"'
    tools = applied_root(
        tmp_path, "rm", "cat", "touch", "timeout", "true", mv=mv, systemctl=":", systemd_run=":"
    )
    done.write_text("x")
    copy, house = tmp_path / "usr/lib/restream-agent.previous", tmp_path / "usr/lib/restream-agent"
    copy.mkdir()
    (copy / "version").write_text("what ran")
    with pytest.raises(subprocess.CalledProcessError):
        run_script("postinst", "configure", "1.0", root=tmp_path, programs=str(tools))
    assert (tmp_path / "var/lib/restream-agent/put-back").exists()
    done.write_text("later")
    with pytest.raises(subprocess.CalledProcessError):
        run_script("postinst", "configure", "1.0", root=tmp_path, programs=str(tools))
    assert (house / "version").read_text() == "what ran"
    assert [path.name for path in house.parent.iterdir()] == ["restream-agent"]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("preinst", ("install",)),
        ("preinst", ("upgrade", "1.0", "2.0")),
        ("postinst", ("configure", "")),
        ("postinst", ("configure", "1.0")),
        ("prerm", ("upgrade", "2.0")),
    ],
)
def test_without_systemd_a_script_does_nothing(name: str, arguments: tuple[str, ...], tmp_path: Path) -> None:
    """No program is called, nothing is written: in a chroot or an image, the package installs its files."""
    run_script(name, *arguments, root=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_cannot_start_does_not_keep_the_package(tmp_path: Path) -> None:
    """prerm then removes what the manifest owns, and nothing else; names may have blanks."""
    tools, manifest = tmp_path / "tools", tmp_path / "var/lib/restream-agent/manifest.json"
    tools.mkdir()
    for name in ("sed", "xargs", "rm"):
        (tools / name).symlink_to(f"/usr/bin/{name}")
    owned, others = tmp_path / "etc/a file.service", tmp_path / "etc/another.service"
    manifest.parent.mkdir(parents=True)
    owned.parent.mkdir()
    for place in (owned, others):
        place.write_text("")
    record = {"owned": [str(owned), str(tmp_path / "etc/gone")], "secrets": {"a": str(others)}}
    manifest.write_text(json.dumps(record, indent=2))
    run_script("prerm", "remove", root=tmp_path, programs=str(tools))
    assert (owned.exists(), others.exists(), manifest.exists()) == (False, True, False)
