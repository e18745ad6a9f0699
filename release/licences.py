"""debian/copyright of the package: our own licence, and that of everything that is inside."""

import re
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

_HEAD = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: restream-agent
Comment: The package holds the Python packages that restream-agent needs, in the versions of its
 requirements.txt. Each has its licence here as its authors publish it.

Files: *
Copyright: 2026 The restream-agent authors
License: Expat
"""
_HOLDER = re.compile(r"^\W*Copyright\b\s*(.*?\d{4}.*)$", re.M | re.I)
_APACHE = re.compile(r"^\s*Apache License\s+Version 2\.0.*?END OF TERMS AND CONDITIONS$", re.M | re.S)
_TEXTS = ("LICEN", "COPYING", "NOTICE", "AUTHORS")


def copyright_file(own: str, site_packages: Path) -> str:
    """Return the file in Debian's machine-readable format. `own` is the text of our licence.

    The directory still has pip's RECORD files. Raises ValueError for a dependency that names no licence.
    """
    paragraphs = [_HEAD + _indented(own)]
    for directory in sorted(site_packages.glob("*.dist-info")):
        about = HeaderParser().parsestr((directory / "METADATA").read_text(encoding="utf-8"))
        if about["Name"] != "restream-agent":
            paragraphs.append(_paragraph(directory, about))
    return "\n".join(paragraphs)


def _paragraph(directory: Path, about: Message) -> str:
    """Return the paragraph of a dependency. Each Debian has the Apache licence (Debian policy, 12.5)."""
    record = (directory / "RECORD").read_text(encoding="utf-8").splitlines()
    names = sorted({line.partition(",")[0].partition("/")[0] for line in record if not line.startswith(".")})
    text = "\n\n".join(path.read_text(encoding="utf-8") for path in _texts(directory)) or _named(about)
    text = _APACHE.sub("The Apache License 2.0 is in /usr/share/common-licenses/Apache-2.0.", text)
    holder = _HOLDER.search(text)
    author = about["Author"] or about["Author-email"] or f"the authors of {about['Name']}"
    who = " ".join((holder[1] if holder else author).split())
    files = " ".join(f"usr/lib/restream-agent/lib/*/site-packages/{name}*" for name in names if name != "bin")
    # One line for each field: the text of a package may have others.
    head = f"Files: {files}\nCopyright: {who}\nLicense: {about['Name']}-licence\n"
    return head + _indented(f"{about['Name']} {about['Version']}\n\n{text}")


def _named(about: Message) -> str:
    """Return what a package without a text says of its licence."""
    said = about["License-Expression"] or about["License"]
    if not said:
        raise ValueError(f"{about['Name']} names no licence: look for one, or do without the package")
    return f"Licence: {said}"


def _texts(directory: Path) -> list[Path]:
    files = (path for path in directory.rglob("*") if path.is_file())
    return sorted(path for path in files if path.name.upper().startswith(_TEXTS))


def _indented(text: str) -> str:
    return "".join(f" {line.rstrip() or '.'}\n" for line in text.strip().splitlines())
