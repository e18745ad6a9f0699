"""How late a wrong key is refused, and how much is remembered for that."""

from restream_agent.agent.key_throttle import FORGOTTEN_AFTER, LONGEST_WAIT, MOST_ADDRESSES, KeyThrottle


def test_each_wrong_key_waits_longer() -> None:
    """Not at all for the first, then twice as long each time, up to the longest wait."""
    throttle = KeyThrottle()
    assert [throttle.wait("192.0.2.1", 0) for _ in range(8)] == [0, 0.5, 1, 2, 4, 8, 8, LONGEST_WAIT]


def test_addresses_are_counted_apart() -> None:
    """The wrong keys of one address do not delay another."""
    throttle = KeyThrottle()
    assert [throttle.wait(address, 0) for address in ("192.0.2.1", "192.0.2.2", "192.0.2.1")] == [0, 0, 0.5]


def test_an_ipv6_site_is_one_address() -> None:
    """A site has a /64, with 2^64 addresses; an IPv4 address written as IPv6 is that address."""
    throttle = KeyThrottle()
    waits = [throttle.wait(address, 0) for address in ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1")]
    mapped = [throttle.wait(address, 0) for address in ("::ffff:192.0.2.1", "192.0.2.1")]
    assert (waits, mapped) == ([0, 0.5, 0], [0, 0.5])


def test_slips_are_forgotten() -> None:
    """After FORGOTTEN_AFTER without a wrong key."""
    throttle = KeyThrottle()
    waits = [throttle.wait("192.0.2.1", now) for now in (0, 1, 2 + FORGOTTEN_AFTER)]
    assert waits == [0, 0.5, 0]


def test_what_is_remembered_is_bounded() -> None:
    """Above the limit the oldest addresses are forgotten."""
    throttle = KeyThrottle()
    for number in range(3 * MOST_ADDRESSES):
        throttle.wait(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", number / 1000)
    assert len(throttle) == MOST_ADDRESSES
    assert throttle.wait("not an address", 13) == 0
