"""Installs what is measured beside the product: the tests do without it."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.demo.screen import Screen

INSTALL_SECONDS = 600.0
CACHE = Path(__file__).resolve().parents[2] / ".cache" / "bench"


def install(screen: Screen, cache: Path = CACHE) -> dict[str, str]:
    """Install Flask's wheels, liquidsoap and node-media-server; return why for each that is not there."""
    wheels, node = cache / "wheels", cache / "nms"
    for directory in (wheels, node):
        directory.mkdir(parents=True, exist_ok=True)
    pip = (
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "-d",
        str(wheels),
    )
    apt = (
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "install",
        "-y",
        "-qq",
        "--no-install-recommends",
    )
    npm = ("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(node))
    missing = {
        "the usual way": "" if any(wheels.glob("flask-*.whl")) else _run((*pip, "flask"), screen),
        "liquidsoap": "" if shutil.which("liquidsoap") else _run((*apt, "liquidsoap"), screen),
        "node-media-server": ""
        if (node / "node_modules" / "node-media-server").is_dir()
        else _run((*npm, "node-media-server"), screen),
    }
    return {name: why for name, why in missing.items() if why}


def _run(argv: Sequence[str], screen: Screen) -> str:
    """Run a command; return "" or why it failed, in one line."""
    screen.line(f"install: {argv[-1]}")
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    said = (done.stderr or done.stdout).strip().splitlines()
    return "" if done.returncode == 0 else (said[-1] if said else f"exit status {done.returncode}")
