"""What rendering works with: the facts of the machine, the templates, and the filling in of one. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from jinja2 import DictLoader, Environment, StrictUndefined

from restream_agent.systemd import escaping


@dataclass(frozen=True)
class Facts:
    """What rendering has to know of the machine.

    Paths of programs, the hook token, and which credentials are stored encrypted.
    """

    source: str
    python: str
    ffmpeg: str
    server_binary: str
    nginx_rtmp_module: str
    hook_token: str
    encrypted: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        """Show all but the token."""
        return f"Facts(source={self.source!r})"


@dataclass(frozen=True)
class Assets:
    """The texts that come with the package: templates to fill in, units to install as they are."""

    templates: Mapping[str, str]
    units: Mapping[str, str]


class Templates:
    """Fills in a template, with what all of them share."""

    def __init__(self, facts: Facts, assets: Assets) -> None:
        self.facts = facts
        self._environment = Environment(
            loader=DictLoader(dict(assets.templates)),
            undefined=StrictUndefined,
            keep_trailing_newline=True,
            autoescape=False,  # noqa: S701 - unit files and configs, not HTML; unitfile.py escapes
        )
        self._shared = {
            "header": f"Made by restream-agent from {escaping.value(facts.source)}; "
            "edit that and run `restream-agent apply`.",
            "source": escaping.value(facts.source),
        }

    def __call__(self, template: str, **values: object) -> str:
        """Return the template's text with these values; jinja2.UndefinedError if it names another."""
        return self._environment.get_template(template).render(**self._shared, **values)
