"""What pages cost, in one run: CPU of the server's processes, time, size, against a bare Django table.

    python bench/web.py [--rounds N] [--rows N]

Run by `make bench`. It serves a sample shop of 5,000 products, with a batch of 100,000 rows, on a loopback port, logs
in, and asks for each page in turn with the floor, one request after the other; so a busy machine slows all alike.
CPU is what the kernel counted for every process that answers, workers' work for jobs left out. Sizes are those of the
HTML, uncompressed. Medians over the rounds.
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from tests.kit.served import PASSWORD, Served, free_port, served_shop, wait_until_answering  # noqa: E402

from shop.records import write_catalog  # noqa: E402

AT_ONCE = 20  # requests for one page in one round
CLIENTS = 4
LOAD_S = 4.0
#: Upstream's pages, measured before, elsewhere on a machine of this kind: milliseconds of CPU, and kilobytes.
UPSTREAM = {"login": (46, 63), "products": (148, 158)}


class Cost(NamedTuple):
    """One page in one round: CPU and time for each request, and the size of its body."""

    cpu_ms: float
    wall_ms: float
    size_bytes: int


class Browser:
    """One connection that is kept, and the cookies of somebody."""

    def __init__(self, address: str) -> None:
        self._line = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
        self._cookies: dict[str, str] = {}

    def get(self, path: str) -> bytes:
        return self._ask("GET", path, None)

    def begin_anew(self) -> None:
        """On a new connection: servers close those on which nothing is asked for a while."""
        self._line.close()

    def log_in(self, name: str) -> None:
        token = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', self.get("/login/"))
        assert token is not None
        form = {"csrfmiddlewaretoken": token[1].decode(), "username": name, "password": PASSWORD}
        self._ask("POST", "/login/", urlencode(form))

    def _ask(self, method: str, path: str, body: str | None) -> bytes:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._line.request(method, path, body, headers)
        answer = self._line.getresponse()
        content = answer.read()
        for text in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = text.partition(";")[0].partition("=")
            self._cookies[name] = value
        assert answer.status == (200 if body is None else 302), f"{path}: {answer.status}"
        return content


def cpu_s(pids: list[int]) -> float:
    """CPU that processes have used, by the scheduler's own count, all threads together."""
    total = 0
    for pid in pids:
        for task in os.listdir(f"/proc/{pid}/task"):
            total += int(Path(f"/proc/{pid}/task/{task}/schedstat").read_text().split()[0])
    return total / 1e9


def pids_with(*words: str) -> list[int]:
    """The processes whose command line has all these words."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            line = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if set(words) <= set(line):
            found.append(int(pid))
    return found


def cost_of(browser: Browser, path: str, pids: list[int]) -> Cost:
    """What `AT_ONCE` requests for a page cost, for each."""
    browser.begin_anew()
    size = len(browser.get(path))
    before, began = cpu_s(pids), time.perf_counter()
    for _ in range(AT_ONCE):
        browser.get(path)
    wall, cpu = time.perf_counter() - began, cpu_s(pids) - before
    return Cost(cpu / AT_ONCE * 1e3, wall / AT_ONCE * 1e3, size)


@contextmanager
def bare_table() -> Iterator[tuple[str, list[int]]]:
    """The floor: its address, and the processes that answer."""
    port, script = free_port(), str(HERE / "shop" / "bare.py")
    with tempfile.TemporaryFile() as output:
        server = subprocess.Popen([sys.executable, script, str(port)], stdout=output, stderr=output)
        try:
            wait_until_answering(f"http://127.0.0.1:{port}/", server, Path(os.devnull))
            yield f"http://127.0.0.1:{port}", pids_with(script, str(port))
        finally:
            server.terminate()
            server.wait()


def requests_a_second(served: Served, path: str, name: str) -> float:
    """How many requests for a page `CLIENTS` browsers get answered in a second; they share the machine with it."""
    browsers = [Browser(served.address) for _ in range(CLIENTS)]
    for browser in browsers:
        if name:
            browser.log_in(name)
    counts = [0] * CLIENTS
    end = time.perf_counter() + LOAD_S

    def ask_on(number: int) -> None:
        while time.perf_counter() < end:
            browsers[number].get(path)
            counts[number] += 1

    threads = [threading.Thread(target=ask_on, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / LOAD_S


def first_page_s(served: Served) -> float:
    """From `rattail serve` to the first page, on a port of its own; the shop must not be served meanwhile."""
    port = free_port()
    began = time.perf_counter()
    command = [sys.executable, "-m", "rattail", "serve"]
    environ = {**served.environ, "RATTAIL_WEB_PORT": str(port)}
    server = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_answering(f"http://127.0.0.1:{port}/login/", server, Path(os.devnull))
        return time.perf_counter() - began
    finally:
        server.terminate()
        server.wait()


def measure(served: Served, pages: dict[str, str], rounds: int) -> dict[str, Cost]:
    """The median cost of each page, in turn with the floor."""
    found: dict[str, list[Cost]] = {}
    with bare_table() as (floor, floor_pids):
        browsers = {"": Browser(served.address), "alice": Browser(served.address), "floor": Browser(floor)}
        browsers["alice"].log_in("alice")
        web = pids_with("rattail.features.serve.process", "web", str(served.root))
        for _ in range(rounds):
            found.setdefault("bare table of 100 x 7", []).append(cost_of(browsers["floor"], "/", floor_pids))
            for name, path in pages.items():
                found.setdefault(name, []).append(cost_of(browsers["" if name == "login" else "alice"], path, web))
    return {name: Cost(*map(statistics.median, zip(*costs, strict=True))) for name, costs in found.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--rows", type=int, default=100_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rattail-web-") as scratch:
        with served_shop(Path(scratch)) as served:
            catalog = Path(scratch) / "catalog.tsv"
            write_catalog(str(catalog), products=asked.rows, rows=asked.rows)
            served.command("make-batch", "vendor_catalog", str(catalog), "--vendor", "unfi", "--quiet")
            rows = "/batches/1/rows/?after="
            pages = {"login": "/login/", "home": "/", "products": "/products/", "batch rows, first page": rows}
            pages["batch rows, at half"] = f"{rows}{asked.rows // 2}"
            pages["batch rows, at the end"] = f"{rows}{asked.rows - 150}"
            costs = measure(served, pages, asked.rounds)
            people = {"login": "", "products": "alice"}
            rates = {page: requests_a_second(served, pages[page], name) for page, name in people.items()}
        starts = [first_page_s(served) for _ in range(5)]
    report(costs, rates, starts, asked.rounds)


def report(costs: dict[str, Cost], rates: dict[str, float], starts: list[float], rounds: int) -> None:
    """The table."""
    floor = costs["bare table of 100 x 7"].cpu_ms
    print(f"Pages, medians of {rounds} rounds of {AT_ONCE} requests; goal for 100 rows: 15 ms of CPU, 40 kB")
    for name, cost in costs.items():
        theirs = UPSTREAM.get(name)
        upstream = f"   upstream, measured before: {theirs[0]} ms, {theirs[1]} kB" if theirs else ""
        ratio = f"ratio {cost.cpu_ms / floor:4.1f}"
        figures = f"{cost.cpu_ms:6.1f} ms CPU  {cost.wall_ms:6.1f} ms  {cost.size_bytes / 1000:6.1f} kB"
        print(f"  {name:<24} {figures}   {ratio}{upstream}")
    first = costs["batch rows, first page"]
    for name in ("batch rows, at half", "batch rows, at the end"):
        times = f"{costs[name].wall_ms / first.wall_ms:.2f} times the time of the first page, goal 1.5"
        print(f"  {name}: {times}; {costs[name].cpu_ms / first.cpu_ms:.2f} times its CPU")
    for name, rate in rates.items():
        print(f"  {name}: {rate:.0f} requests/s, {CLIENTS} browsers on the same machine")
    print(f"  from `rattail serve` to the first page: {statistics.median(starts):.2f} s   goal 2")


if __name__ == "__main__":
    main()
