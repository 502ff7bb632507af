"""What starting costs: CPU time of our commands against `python -c pass` of the same environment.

Run by `make bench`. It builds our wheel into a fresh virtual environment, compiled to byte code as in any real
installation, and runs all commands in turn, so that a busy machine slows all of them alike.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.kit.environment import Environment, build_environment, build_wheel

RUNS = 25
GOALS = {"rattail --help": 5.0, "rattail make-appdir (nothing to do)": 6.0}


def cpu_seconds(words: list[str]) -> float:
    """User and system time of one run of a program, as the kernel counted it."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(words)} ended with exit code {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def measure(environment: Environment) -> dict[str, float]:
    """The median CPU time, in seconds, of each command."""
    commands = {
        "python -c pass": [str(environment.python), "-c", "pass"],
        "rattail --help": [str(environment.rattail), "--help"],
        "rattail make-appdir (nothing to do)": [str(environment.rattail), "make-appdir"],
        "rattail show-appdir": [str(environment.rattail), "show-appdir"],
        "rattail check-appdir": [str(environment.rattail), "check-appdir"],
        "rattail clean-appdir (nothing to do)": [str(environment.rattail), "clean-appdir"],
        "rattail show-config": [str(environment.rattail), "show-config"],
    }
    subprocess.run([environment.python, "-m", "compileall", "-q", environment.site_packages], check=True)
    cpu_seconds(commands["rattail make-appdir (nothing to do)"])  # makes the folder
    for words in commands.values():
        cpu_seconds(words)
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, words in commands.items():
            times[name].append(cpu_seconds(words))
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    """Measure and print the ratios."""
    with tempfile.TemporaryDirectory() as scratch, build_environment(build_wheel(Path.cwd(), Path(scratch))) as made:
        medians = measure(made)
    floor = medians["python -c pass"]
    print(f"CPU time, medians of {RUNS} runs in turn; python -c pass: {floor * 1000:.1f} ms")
    for name, seconds in medians.items():
        goal = f"   goal {GOALS[name]:.1f}" if name in GOALS else ""
        print(f"  {name:<38} {seconds * 1000:6.1f} ms   ratio {seconds / floor:4.1f}{goal}")


if __name__ == "__main__":
    main()
