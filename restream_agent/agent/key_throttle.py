"""How long a wrong key has to wait for its refusal. Pure: the clock is passed in.

The right key is never asked to wait, from whatever address it comes: behind one address there may be
a whole house. So it is the wrong answers that come late, later with each, and remember little.
"""

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address

from restream_agent.base.doubling import doubled_pause

FIRST_WAIT = 0.5
LONGEST_WAIT = 8.0
"""Seconds. nginx-rtmp gives up on an answer after 10 (netcall_timeout), SRS after 30."""

FORGOTTEN_AFTER = 600.0
"""Seconds without a wrong key, after which an address begins anew."""

MOST_ADDRESSES = 4096
"""What is remembered at most, some 100 bytes each; the address that was quiet for longest goes first."""


class KeyThrottle:
    """Counts wrong keys by address."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def wait(self, address: str, now: float) -> float:
        """Count a wrong key at `now` (seconds, monotonic) and return how long its refusal has to wait.

        The first is a slip and waits for nothing; from the second on the wait doubles, up to LONGEST_WAIT.
        """
        house = _house(address)
        count, last = self._wrong.pop(house, (0, now))
        if now - last > FORGOTTEN_AFTER:
            count = 0
        self._wrong[house] = (count + 1, now)
        if len(self._wrong) > MOST_ADDRESSES:
            self._wrong.popitem(last=False)
        return doubled_pause(count, first=FIRST_WAIT, longest=LONGEST_WAIT)

    def __len__(self) -> int:
        """Return how many addresses are remembered."""
        return len(self._wrong)


def _house(address: str) -> str:
    """Return what stands for one site: an IPv4 address, or the /64 that an IPv6 site has to itself."""
    try:
        read = ip_address(address)
    except ValueError:
        return address
    if isinstance(read, IPv6Address):
        return str(read.ipv4_mapped or read.packed[:8].hex())
    return str(read)
