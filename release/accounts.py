"""Users and directories that the package brings, from the templates that `apply` fills.

`apply` puts files of the same names into /etc, which take the place of the package's (sysusers.d(5),
tmpfiles.d(5)): they also have the groups and directories of the channels.
"""

from restream_agent.base import paths
from restream_agent.render import assets
from restream_agent.render.facts import Facts
from restream_agent.render.templates import Templates

_HEADER = """\
# Part of the package. `restream-agent apply` puts a file of this name into /etc, which systemd reads in its
# place, and which also has what the channels need.
"""


def account_files() -> dict[str, str]:
    """Return the text for sysusers.d and that for tmpfiles.d, by debhelper's names."""
    facts = Facts(
        python="", ffmpeg="", server_binary="", nginx_rtmp_module="", source=paths.CONFIG, hook_token=""
    )
    fill = Templates(facts, assets.load())
    return {kind: _HEADER + _body(fill(f"{kind}.conf.j2", channels=())) for kind in ("sysusers", "tmpfiles")}


def _body(text: str) -> str:
    """Return the text without its first line, which says that the file was made from a TOML."""
    return text.partition("\n")[2]
