"""How long a wrong key has to wait for its refusal. Pure: the time is passed in.

The right key never waits, whatever its address, since many users can share an address. Only refusals of wrong
keys are late, and each is later than the refusal before. Little is remembered for that.
"""

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address

from restream_agent.base.doubling import doubled_pause

FIRST_WAIT = 0.5
LONGEST_WAIT = 8.0
"""Seconds. nginx-rtmp waits 10 s for an answer (netcall_timeout), SRS 30 s."""

FORGOTTEN_AFTER = 600.0
"""Seconds without a wrong key after which an address is forgotten."""

MOST_ADDRESSES = 4096
"""How many addresses are remembered, some 100 bytes each. The longest quiet address is forgotten first."""


class KeyThrottle:
    """Counts wrong keys by site."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def wait(self, address: str, now: float) -> float:
        """Count a wrong key at `now`, in seconds of the monotonic clock.

        Returns how many seconds its refusal has to wait. The first wrong key may be a slip and does not wait.
        The second waits for FIRST_WAIT, and the wait doubles with every further key, up to LONGEST_WAIT.
        """
        site = _site(address)
        count, last = self._wrong.pop(site, (0, now))
        if now - last > FORGOTTEN_AFTER:
            count = 0
        self._wrong[site] = (count + 1, now)
        if len(self._wrong) > MOST_ADDRESSES:
            self._wrong.popitem(last=False)
        return doubled_pause(count, first=FIRST_WAIT, longest=LONGEST_WAIT)

    def __len__(self) -> int:
        """Return how many sites are remembered."""
        return len(self._wrong)


def _site(address: str) -> str:
    """Return the site of an address: the IPv4 address itself, or the /64 network of an IPv6 address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or parsed.packed[:8].hex())
    return str(parsed)
