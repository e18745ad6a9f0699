"""How late a wrong key is refused, and what is remembered for that."""

from restream_agent.agent.key_throttle import FORGOTTEN_AFTER, LONGEST_WAIT, MOST_ADDRESSES, KeyThrottle


def test_each_wrong_key_waits_longer() -> None:
    """Nothing for a slip, then twice as long each time, up to the longest."""
    slowdown = KeyThrottle()
    assert [slowdown.wait("192.0.2.1", 0) for _ in range(8)] == [0, 0.5, 1, 2, 4, 8, 8, LONGEST_WAIT]


def test_addresses_are_counted_apart() -> None:
    """A neighbour's slips are not mine."""
    slowdown = KeyThrottle()
    assert [slowdown.wait(one, 0) for one in ("192.0.2.1", "192.0.2.2", "192.0.2.1")] == [0, 0, 0.5]


def test_an_ipv6_site_is_one_address() -> None:
    """Whoever has a /64 has 2^64 addresses; an IPv4 address written as IPv6 is that address."""
    slowdown = KeyThrottle()
    waits = [slowdown.wait(one, 0) for one in ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1")]
    mapped = [slowdown.wait(one, 0) for one in ("::ffff:192.0.2.1", "192.0.2.1")]
    assert (waits, mapped) == ([0, 0.5, 0], [0, 0.5])


def test_slips_are_forgotten() -> None:
    """After a while without any."""
    slowdown = KeyThrottle()
    waits = [slowdown.wait("192.0.2.1", now) for now in (0, 1, 2 + FORGOTTEN_AFTER)]
    assert waits == [0, 0.5, 0]


def test_what_is_remembered_is_bounded() -> None:
    """A million addresses take no more room than the limit, and the newest are known."""
    slowdown = KeyThrottle()
    for number in range(3 * MOST_ADDRESSES):
        slowdown.wait(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", number / 1000)
    assert len(slowdown) == MOST_ADDRESSES
    assert slowdown.wait("not an address", 13) == 0
