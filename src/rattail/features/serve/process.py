"""What a process of the server does before its work, and its entry: `python -m rattail.features.serve.process`.

    process.py web ROOT PARENT READY DOOR      answers requests
    process.py worker ROOT PARENT READY        runs jobs
    process.py idle-worker ROOT PARENT READY   takes none: it is there, and nothing leaves

PARENT is the supervisor's pid; READY the descriptor of a pipe on which the process says, as one line of JSON, that
it is at work, or why it cannot be; DOOR the descriptor of the socket to listen on.
"""

from __future__ import annotations

import sys
from typing import NoReturn

from rattail.errors import RattailError
from rattail.features.serve.child import die_with, say_refused


def main(words: list[str]) -> NoReturn:
    """Do one of the two works; never returns."""
    part, root, parent, ready_fd, *more = words
    die_with(int(parent))
    try:
        if part == "web":
            from rattail.features.serve.web import answer_requests

            answer_requests(root, door_fd=int(more[0]), ready_fd=int(ready_fd))
        else:
            from rattail.features.serve.worker import run_jobs

            run_jobs(root, ready_fd=int(ready_fd), claims=part == "worker")
    except RattailError as error:
        say_refused(int(ready_fd), error)
        sys.exit(error.exit_code)
    sys.exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
