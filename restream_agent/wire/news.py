"""The kinds of news, as the agent, the notifier and whoever is told of them spell them. Pure."""

from enum import StrEnum


class Kind(StrEnum):
    """What happened."""

    ON_AIR = "on_air"
    FALLBACK = "fallback"
    LIVE = "live"
    OFF_AIR = "off_air"
    PLATFORM_FAILING = "platform_failing"
    PLATFORM_RECOVERED = "platform_recovered"
    CONFIG_REFUSED = "config_refused"

    @property
    def is_of_platform(self) -> bool:
        """Whether it is about one platform."""
        return self in (Kind.PLATFORM_FAILING, Kind.PLATFORM_RECOVERED)

    @property
    def is_trouble(self) -> bool:
        """Whether somebody should do something."""
        return self in (Kind.PLATFORM_FAILING, Kind.CONFIG_REFUSED)
