"""Runs in the machine: joins a unit's control group, and spends memory, tasks or processor time there.

    spender.py memory GROUP MIB          takes so much memory, unless the kernel ends it
    spender.py tasks GROUP COUNT         starts so many threads, unless the kernel refuses one
    spender.py time SECONDS GROUP...     spins in all on one processor, and prints the time that each got

It runs with Debian's Python, and only its standard library.
"""

import errno
import os
import sys
import threading
import time
from pathlib import Path

STEP = 4  # MiB
TOP = Path("/sys/fs/cgroup")


def join(group: str) -> None:
    """Join a control group, and be as likely as any other to be ended when its memory is full."""
    Path("/proc/self/oom_score_adj").write_text("0")
    (TOP / group.lstrip("/") / "cgroup.procs").write_text(str(os.getpid()))


def spend_memory(group: str, size: int) -> None:
    """Print how much has been taken, in MiB, after each step; the last line is where the kernel ended it."""
    join(group)
    kept = []
    for taken in range(STEP, size + STEP, STEP):
        kept.append(b"x" * (STEP << 20))
        print(taken, flush=True)


def spend_tasks(group: str, count: int) -> None:
    """Print the number of tasks in the group and what stopped the next one."""
    join(group)
    stop = threading.Event()
    tasks = TOP / group.lstrip("/") / "pids.current"
    said = "nothing"
    for _ in range(count):
        try:
            threading.Thread(target=stop.wait, daemon=True).start()
        except RuntimeError:  # Python does not tell the error number: pthread_create(3) has EAGAIN
            said = errno.errorcode[errno.EAGAIN]
            break
    print(tasks.read_text().strip(), said, flush=True)
    os._exit(0)  # the threads wait for ever


def spend_time(seconds: float, *groups: str) -> None:
    """Print the seconds of processor time that a busy loop got in each group, beside those in the others."""
    os.sched_setaffinity(0, {0})
    children = []
    for group in groups:
        child = os.fork()
        if not child:
            join(group)
            while True:
                pass
        children.append(child)
    time.sleep(1)
    before = [used(child) for child in children]
    time.sleep(seconds)
    after = [used(child) for child in children]
    for child in children:
        os.kill(child, 9)
    print(*(f"{end - begin:.2f}" for begin, end in zip(before, after, strict=True)))


def used(process: int) -> float:
    """Return a process's seconds on a processor, as the scheduler counts them (proc(5), schedstat)."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9


if __name__ == "__main__":
    kind, *arguments = sys.argv[1:]
    if kind == "memory":
        spend_memory(arguments[0], int(arguments[1]))
    elif kind == "tasks":
        spend_tasks(arguments[0], int(arguments[1]))
    else:
        spend_time(float(arguments[0]), *arguments[1:])
