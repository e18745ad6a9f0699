"""What there is on a machine: files, accounts, units, runtime directories. Two of them can be compared."""

from dataclasses import dataclass, fields, replace

from tests.lab.container import Container

_PLACES = "/boot /etc /opt /srv /usr /var"

# Databases, caches and logs of the machine's own tools, which change with every use of them: dpkg's list of
# packages is no trace of the product, nor are caches of apt and the linker. passwd and its kin keep a backup,
# whose name ends with a dash, and a lock. PackageKit, where it is installed, is woken by apt.
_OTHERS = (
    "/var/lib/dpkg", "/var/lib/apt", "/var/cache/apt", "/var/cache/ldconfig", "/var/log/journal",
    "/var/log/apt", "/var/log/dpkg.log", "/etc/ld.so.cache", "/etc/.pwd.lock", "/etc/passwd-", "/etc/shadow-",
    "/etc/group-", "/etc/gshadow-", "/var/tmp", "/var/lib/systemd/timers",
    "/var/lib/PackageKit", "/var/cache/man",
)  # fmt: skip
_FILES = f"""
    find {_PLACES} -xdev \\( {" -o ".join(f"-path '{path}'" for path in _OTHERS)} \\) -prune \\
        -o -printf '%y %m %u:%g %p %l\\n' | sort
"""
# Of others' units those that are inactive do not count: systemd holds them while any unit refers to them, and
# forgets them when it likes. Devices are those of the machine below. On a slow
# machine the end of the boot comes late: its own credentials are mounted, and agetty makes its file.
_UNITS = """
    systemctl list-units --all --plain --no-legend --no-pager | awk '{ print $1, $2, $3 }' | sort |
        grep -E '^(restream|fallback|ffmpeg-relay|live@)| (active|activating|failed)$' |
        grep -v -e '\\.device ' -e packagekit -e '^run-credentials-systemd'
"""
_UNIT_FILES = "systemctl list-unit-files --no-legend --no-pager | awk '{ print $1, $2 }' | sort"
_RUNTIME = """
    ls /run | grep -v '^agetty.reload$'
    find /run -name '*restream*' -o -name '*ffmpeg-relay*' -o -name 'fallback*' -o -name 'live@*'
"""


@dataclass(frozen=True)
class MachineState:
    """Each field is a list of lines, sorted; `state` is systemd's word for the whole."""

    files: tuple[str, ...]
    accounts: tuple[str, ...]
    units: tuple[str, ...]
    unit_files: tuple[str, ...]
    runtime: tuple[str, ...]
    state: str

    @classmethod
    def of(cls, container: Container) -> "MachineState":
        """Look at a container, in which what others start when they need it is started."""
        container.run(("systemctl", "start", "polkit.service", "network-online.target"))

        def lines(script: str) -> tuple[str, ...]:
            return tuple(container.run(("sh", "-c", script), timeout=120).stdout.splitlines())

        state = container.run(("systemctl", "is-system-running"), check=False).stdout.strip()
        accounts = lines("getent passwd | sed 's/^/user /'; getent group | sed 's/^/group /'")
        names = tuple(line.partition(":")[0] for line in accounts)
        return cls(lines(_FILES), names, lines(_UNITS), lines(_UNIT_FILES), lines(_RUNTIME), state)

    def without(self, *places: str) -> "MachineState":
        """Leave out files at and below some places."""
        kept = (
            line
            for line in self.files
            if not f"{line.split()[3]}/".startswith(tuple(f"{place}/" for place in places))
        )
        return replace(self, files=tuple(kept))

    def differences(self, other: "MachineState") -> list[str]:
        """Return each line that only one of the two has, with its field and "-" or "+"."""
        found = []
        for name in (field.name for field in fields(self)):
            mine, its = getattr(self, name), getattr(other, name)
            if isinstance(mine, str):
                mine, its = (mine,), (its,)
            found += [f"{name}: - {line}" for line in sorted(set(mine) - set(its))]
            found += [f"{name}: + {line}" for line in sorted(set(its) - set(mine))]
        return found
