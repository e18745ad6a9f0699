"""`python -m tests.demo.wheelhouse DIRECTORY`: writes requirements.txt beside wheels, with their hashes.

With it, `pip install --no-index --require-hashes` installs exactly these files and asks no index.
"""

import hashlib
import sys
from pathlib import Path


def requirements(directory: Path) -> str:
    """Return a line for each wheel in a directory: name, version and hash, as pip reads them."""
    lines = []
    for wheel in sorted(directory.glob("*.whl")):
        name, version, *_ = wheel.name.split("-")
        lines.append(f"{name}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n")
    return "".join(lines)


def write_requirements(directory: Path) -> Path:
    """Write the file, and return it."""
    file = directory / "requirements.txt"
    file.write_text(requirements(directory))
    return file


if __name__ == "__main__":
    write_requirements(Path(sys.argv[1]))
