"""The files of the notifier: its units and its settings. Pure."""

import math

from restream_agent.base import paths
from restream_agent.base.file_tree import File, Link, Tree
from restream_agent.config.model import Config
from restream_agent.notifier.message import LAST_TRY
from restream_agent.render.relays import credential
from restream_agent.render.settings import notifier_settings
from restream_agent.render.templates import Templates
from restream_agent.systemd import unit_names
from restream_agent.wire import records


def notify_files(config: Config, fill: Templates) -> Tree:
    """Return the notifier's units and settings; nothing without `[notify]`.

    They hold no secret: the webhook's URL and its secret are credentials of the unit.
    """
    notify, units = config.notify, paths.UNITS
    if not notify.has_destination:
        return {}
    credentials = [
        credential(user.removeprefix("notify."), reference, user, fill.facts)
        for user, reference in notify.secrets.items()
    ]
    service = fill(
        "restream-notify.service.j2",
        credentials=credentials,
        # The notifier waits for a command that is running, then tries once more to deliver what is left.
        stop=math.ceil(notify.timeout) + LAST_TRY + 5,
    )
    return {
        paths.NOTIFY_SETTINGS: File(records.to_file(notifier_settings(config))),
        f"{units}/{unit_names.NOTIFY_UNIT}": File(service),
        f"{units}/{unit_names.NOTIFY_SOCKET}": File(fill("restream-notify.socket.j2")),
        f"{units}/sockets.target.wants/{unit_names.NOTIFY_SOCKET}": Link(f"../{unit_names.NOTIFY_SOCKET}"),
    }
