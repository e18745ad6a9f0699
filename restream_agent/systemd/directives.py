"""The directives of a unit file: what systemd acts on, without the text for readers. Pure."""

_FOR_READERS = ("Description=", "Documentation=", "SourcePath=")
"""Units installed before have SourcePath=, with which systemctl warned after each edit of the TOML."""


def directives(text: str) -> tuple[str, ...]:
    """Return the lines of a unit file that decide how the unit runs, sections among them, in their order.

    Comments, empty lines and Description=, Documentation= and SourcePath= are left out: two files with
    equal directives need a daemon-reload and no restart. Our files have one directive a line.
    """
    lines = (line.strip() for line in text.splitlines())
    return tuple(line for line in lines if line and not line.startswith(("#", ";", *_FOR_READERS)))
