"""The files of the notifier: its units and its settings. Pure; part of render.py."""

import json
import math

from restream_agent.base import paths
from restream_agent.base.file_tree import File, Link, Tree
from restream_agent.config.model import Config
from restream_agent.notifier.message import LAST_TRY
from restream_agent.render.relays import credential
from restream_agent.render.templates import Templates
from restream_agent.systemd import unit_names


def notify_files(config: Config, fill: Templates) -> Tree:
    """Return the notifier's units and settings, none if there is nobody to tell.

    No secret is in them: the webhook's URL and the secret are credentials of the unit.
    """
    notify, units = config.notify, paths.UNITS
    if not notify.has_destination:
        return {}
    settings = {"command": list(notify.command), "every": notify.every, "timeout": notify.timeout}
    credentials = [
        credential(user.removeprefix("notify."), reference, user, fill.facts)
        for user, reference in notify.secrets.items()
    ]
    service = fill(
        "restream-notify.service.j2",
        credentials=credentials,
        # A run of the command that has begun is waited for, then there is the last try.
        stop=math.ceil(notify.timeout) + LAST_TRY + 5,
    )
    return {
        paths.NOTIFY_SETTINGS: File(json.dumps(settings, indent=2, sort_keys=True) + "\n"),
        f"{units}/{unit_names.NOTIFY_UNIT}": File(service),
        f"{units}/{unit_names.NOTIFY_SOCKET}": File(fill("restream-notify.socket.j2")),
        f"{units}/sockets.target.wants/{unit_names.NOTIFY_SOCKET}": Link(f"../{unit_names.NOTIFY_SOCKET}"),
    }
