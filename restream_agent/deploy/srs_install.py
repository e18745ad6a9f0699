"""Puts SRS's executable into its place in one step, once it has run there; or leaves everything as it was."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from restream_agent.base import files, rights
from restream_agent.base.errors import CommandError, RestreamError
from restream_agent.base.file_tree import File
from restream_agent.deploy import elf, machine, machine_look, srs_archive, srs_source
from restream_agent.deploy.server_change import ServerChange, SrsSource

SUPPORTED = "6."
"""How a version begins for which srs.conf is written, and whose hooks and API are known."""

_RECORD = "restream-agent.json"
"""Beside objs/: which source the executable is from, so that the same is not fetched a second time."""

_MODE = 0o755


def srs_change(source: SrsSource, place: Path = Path(machine.SRS)) -> ServerChange:
    """Return what brings SRS from a source to its place; nothing if what is there came from that source.

    Raises RestreamError if another srs, which is found first, would be used all the same.
    """
    other = shutil.which("srs")
    if other is not None and Path(other).resolve() != place.resolve():
        raise RestreamError(
            f"{other} is found before {place}, and would be used all the same",
            hint=f"remove it, or name the executable in the TOML: ingest.binary = {str(place)!r}".replace(
                "'", '"'
            ),
        )
    if _recorded(place) == _record(source, place):
        return ServerChange("srs")
    return ServerChange("srs", "SRS is to be installed", source=source, target=str(place))


def install_srs(
    source: SrsSource,
    place: Path = Path(machine.SRS),
    *,
    version_of: Callable[[str], str] = machine_look.server_version,
) -> str:
    """Install SRS from a source, and return its version. `version_of` runs an executable with -v.

    The file belongs to root, with mode 0755. Raises RestreamError if the source cannot be used, or the
    executable does not run here, or has another version than is supported; nothing of it is left then.
    """
    with srs_source.verified(source) as file, srs_archive.executable(file, source.shown) as found:
        try:
            with _directories(place.parent):
                _require_root_s(place.parent)
                files.remove_leftovers(Path("/"), [str(place)])
                version = _put(found, place, source, version_of)
        except OSError as error:
            raise RestreamError(f"{error.filename or place}: {error.strerror or error}") from error
    record = json.dumps(_record(source, place), indent=2)
    files.write(Path("/"), str(_record_place(place)), File(record + "\n", mode=0o644))
    return version


def _put(found: IO[bytes], place: Path, source: SrsSource, version_of: Callable[[str], str]) -> str:
    """Write an executable beside its place, have it say its version, and move it there."""
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=files.TEMPORARY)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            shutil.copyfileobj(found, file)
            os.fchmod(handle, _MODE)
            if os.geteuid() == 0:
                os.fchown(handle, 0, 0)
            file.flush()
            os.fsync(handle)
        _require_machine(temporary, source)
        version = _version(temporary, source, version_of)
        temporary.replace(place)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    files.settle(Path("/"), [str(place)])
    return version


def _require_machine(executable: Path, source: SrsSource) -> None:
    """Raise RestreamError for an executable of another processor than that which runs us."""
    theirs, ours = _machine_of(executable), _machine_of(Path("/proc/self/exe"))
    if not theirs:
        raise RestreamError(f"the srs in {source.shown} is not an executable of Linux")
    if theirs != ours:
        raise RestreamError(f"the srs in {source.shown} is for {theirs}, and this machine is {ours}")


def _machine_of(executable: Path) -> str:
    with executable.open("rb") as file:
        return elf.machine_of(file.read(elf.HEADER))


def _version(executable: Path, source: SrsSource, version_of: Callable[[str], str]) -> str:
    """Return the version that an executable says, if it is supported."""
    try:
        version = version_of(str(executable))
    except CommandError as error:
        words = (error.output or error.reason).replace(str(executable), "srs")
        raise RestreamError(
            f"the srs in {source.shown} does not run on this machine:\n{words}",
            hint="it may be for another system: docs/install.md, section SRS, says how to build it",
        ) from error
    if not version.startswith(SUPPORTED):
        said = f"is version {version}" if version else "does not say its version"
        raise RestreamError(f"the srs in {source.shown} {said}; supported is version {SUPPORTED}x")
    return version


def _require_root_s(directory: Path) -> None:
    changeable = rights.changeable(directory, itself=True)
    if changeable is not None:
        raise RestreamError(
            f"SRS cannot be installed into {directory}: others than root may change {changeable}",
            hint=f"chown root:root {changeable} && chmod go-w {changeable}",
        )


@contextmanager
def _directories(directory: Path) -> Iterator[None]:
    """Make a directory for root alone to change; if the block fails, what is new goes again."""
    new = [each for each in (directory, *directory.parents) if not each.exists()]
    try:
        for each in reversed(new):
            each.mkdir()
            each.chmod(_MODE)  # whatever the umask is: users without rights run what is in it
        yield
    except BaseException:
        for each in new:
            if each.is_dir() and not any(each.iterdir()):
                each.rmdir()
        raise


def _record_place(place: Path) -> Path:
    return place.parent.parent / _RECORD


def _record(source: SrsSource, place: Path) -> dict[str, str] | None:
    """Return what is written down of an executable that came from a source; None without an executable."""
    try:
        with place.open("rb") as file:
            return {"source": source.sha256, "srs": hashlib.file_digest(file, "sha256").hexdigest()}
    except OSError:
        return None


def _recorded(place: Path) -> object:
    """Return what is written down, False if that is nothing."""
    try:
        return json.loads(_record_place(place).read_text())
    except (OSError, ValueError):
        return False
