"""Another computer: a network namespace in the machine with an address of its own, on a virtual cable."""

from tests.lab.machine import Machine

HERE, THERE = "198.51.100.1", "198.51.100.2"
"""The addresses of the machine and of the other computer."""

OUTSIDE = ("ip", "netns", "exec", "outside")
"""Before a command that runs on the other computer."""

_CABLE = f"""
    ip netns add outside
    ip link add inner type veth peer name outer netns outside
    ip addr add {HERE}/24 dev inner && ip link set inner up
    ip -n outside addr add {THERE}/24 dev outer && ip -n outside link set outer up
    ip -n outside link set lo up
"""


def connect_another_computer(machine: Machine) -> None:
    """Lay the cable; once for each machine."""
    machine.run(("sh", "-ec", _CABLE))
