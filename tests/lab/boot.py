"""The command that boots a container, and the script that mounts its root. Pure: nothing runs here."""

from pathlib import Path

SHARED = Path("/lab")  # where the shared directory appears inside
ROOT_SIZE = "2g"  # what may be written to the root: it is in memory
REBOOT = 133  # how nspawn ends, with --keep-unit, when what it runs reboots; systemd-nspawn(1)

# Files of the host that must not appear inside: units started at boot (nginx, databases, timers, SysV
# scripts), its journal, and any restream-agent installed on it.
HIDDEN = (
    "etc/systemd/system/*.wants",
    "etc/systemd/system/*restream*",
    "etc/systemd/system/ffmpeg-relay@*",
    "etc/systemd/system/fallback.s*",
    "etc/systemd/system/live@*",
    "etc/polkit-1/rules.d/*restream*",
    "etc/sysusers.d/*restream*",
    "etc/tmpfiles.d/*restream*",
    "etc/rc?.d",
    "etc/restream-agent",
    "opt/restream-agent",
    "usr/local/bin/restream-agent",
    "var/lib/restream-agent",
    "var/log/journal",
)

# $1 = a script, $2 = a directory to use, the rest = the script's arguments, the directory first. Runs the
# script where mounts stay private. The root of a plain chroot is not a mount point, and neither `unshare
# --propagation private` nor nspawn works there; the script then gets a root that is a mount point.
PRIVATE = """
script=$1; shift
if ! mount --make-rprivate / 2>/dev/null; then
    mkdir -p "$1/slash"
    mount --rbind / "$1/slash"
    exec chroot "$1/slash" sh -euc "mount --make-rprivate /; $script" boot "$@"
fi
exec sh -euc "$script" boot "$@"
"""

# $1 = base directory, $2 = name, $3 = the root to copy, the rest = control groups. The mounts are in this
# process's own mount namespace and vanish with it, however it ends. The overlay's upper layer is a tmpfs,
# because / may itself be an overlay.
SCRIPT = """
base=$1 name=$2 lower=$3; shift 3
for group; do echo 0 > "$group/cgroup.procs"; done
over=$base/overlay
mount -t tmpfs -o mode=0755,size={size} tmpfs "$over"
mkdir "$over/upper" "$over/work" "$over/root"
mount -t overlay -o "lowerdir=$lower,upperdir=$over/upper,workdir=$over/work" overlay "$over/root"
cd "$over/root"
rm -rf -- {hidden}
while :; do
    code=0
    systemd-nspawn -q --settings=no --register=no --keep-unit --private-network --link-journal=no \\
        --resolv-conf=off --timezone=off --machine="$name" -D "$over/root" --bind="$base/shared:{shared}" \\
        --boot systemd.unit=multi-user.target systemd.firstboot=no || code=$?
    [ "$code" = {reboot} ] || exit "$code"
done
"""


def boot_command(base: Path, name: str, groups: tuple[Path, ...], root: Path = Path("/")) -> tuple[str, ...]:
    """Return the argv that runs systemd-nspawn in a mount namespace and control groups of its own.

    What runs in it sees a throw-away copy of `root`.

    It also has a process id namespace of its own, so that every process ends with the first one. The first
    process ends with `unshare` (--kill-child), and `unshare` ends with this process (setpriv's death
    signal), even after SIGKILL. nspawn alone does not do that: when it is killed, the container's systemd
    keeps running (seen on systemd 252).
    """
    script = SCRIPT.format(hidden=" ".join(HIDDEN), shared=SHARED, size=ROOT_SIZE, reboot=REBOOT)
    launcher = ("setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--propagation", "unchanged")
    namespace = ("--pid", "--fork", "--kill-child", "--mount-proc")
    arguments = (script, str(base), name, str(root), *map(str, groups))
    return (*launcher, *namespace, "sh", "-euc", PRIVATE, "private", *arguments)
