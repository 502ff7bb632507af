"""Have several processes count shares of the same files, and add up what they found."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Sequence

from rattail.appdir.measuring.tally import Share, Tally
from rattail.errors import AppDirBroken

Count = Callable[[Share], dict[str, Tally]]


def count_together(count: Count, shares: Sequence[Share]) -> dict[str, Tally]:
    """Run `count` once for each share, the first one here and the others in forked processes.

    Raises:
        AppDirBroken: one of the processes ended without an answer, so that numbers would be wrong.
    """
    workers = [_start(count, share) for share in shares[1:]]
    try:
        sums = count(shares[0])
        for number, (pid, answer_fd) in enumerate(workers):
            answer = _read_all(answer_fd)
            _, status = os.waitpid(pid, 0)
            workers[number] = (0, answer_fd)
            if status != 0:
                code = os.waitstatus_to_exitcode(status)
                raise AppDirBroken(
                    f"a process that helped to count ended early ({_ending(code)}), so nothing is shown: the numbers "
                    "would be wrong.",
                    hint="run the same command again",
                )
            for path, values in json.loads(answer).items():
                sums.setdefault(path, Tally()).add_share(Tally.load(values))
    finally:
        for pid, answer_fd in workers:
            os.close(answer_fd)
            if pid:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
    return sums


def _start(count: Count, share: Share) -> tuple[int, int]:
    answer_fd, write_fd = os.pipe()
    pid = os.fork()
    if pid:
        os.close(write_fd)
        return pid, answer_fd
    code = 1
    try:
        os.close(answer_fd)
        tallies = count(share)
        with open(write_fd, "w", encoding="ascii") as stream:
            json.dump({path: tally.dump() for path, tally in tallies.items()}, stream)
        code = 0
    finally:
        os._exit(code)  # nothing of the parent's may be written or tidied twice


def _read_all(fd: int) -> bytes:
    parts = []
    while part := os.read(fd, 1 << 16):
        parts.append(part)
    return b"".join(parts)


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
