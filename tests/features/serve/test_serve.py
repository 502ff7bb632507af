"""`rattail serve` in real processes: under load, killed, stopped, twice."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from rattail.features.serve.door import open_door, shut_door
from tests.conftest import Run
from tests.features.serve.serving import HOST, Load, Server, eventually, free_port, gone, processes_of, serving
from tests.kit.records import write_migrated_file
from tests.kit.web import Web, web_test

ONE = {"RATTAIL_WEB_PROCESSES": "1"}


@pytest.fixture
def shop(appdir: Path) -> Path:
    write_migrated_file(appdir)
    return appdir


@pytest.fixture
def server(shop: Path) -> Iterator[Server]:
    with serving(shop) as started:
        yield started


def test_restarts_under_load_lose_no_request_and_refuse_nobody(server: Server) -> None:
    load = Load(server)
    for number in (1, 2):
        load.comes_to(50)
        server.send(signal.SIGHUP)
        server.says("web was replaced", times=number)
        server.says("worker was replaced", times=number)
    load.comes_to(50)

    outcomes = load.stop()

    assert set(outcomes) <= {"answered", "closed while idle"}, outcomes


def test_stopping_under_load_answers_everybody_who_was_let_in(server: Server) -> None:
    load = Load(server)
    load.comes_to(100)
    server.send(signal.SIGTERM)

    assert server.ended() == 0
    outcomes = dict(load.stop())
    with open_door(HOST, free_port()) as other:
        most_lost = 0 if shut_door(other) else 1  # where only root may shut it, one can come while the last is answered
    assert outcomes.pop("lost", 0) <= most_lost
    assert set(outcomes) <= {"answered", "closed while idle", "refused"}, outcomes
    assert processes_of(server.appdir) == []


def test_a_request_that_was_begun_is_answered_after_the_signal_to_stop(server: Server) -> None:
    with socket.create_connection((HOST, server.port), timeout=20) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /healthz HTTP/1.1\r\n")
        assert line.recv(4096).startswith(b"HTTP/1.1 200")
        server.send(signal.SIGTERM)
        server.says("stopping")
        line.sendall(b"Host: localhost\r\n\r\n")

        answer = b"".join(iter(lambda: line.recv(4096), b""))

    assert b"HTTP/1.1 200" in answer
    assert server.ended() == 0


def test_a_process_that_is_told_to_stop_the_moment_it_is_forked_hears_it(shop: Path) -> None:
    with serving(shop, "--web-only", env=ONE) as server:
        for _ in range(3):
            master, *answering = server.children("web")
            os.kill(answering[0], signal.SIGKILL)
            gone(answering[0])
            born = _next_child(master, after=answering[0])
            os.kill(born, signal.SIGTERM)

            gone(born)
            eventually(lambda: len(server.children("web")) == 2)


@pytest.mark.parametrize("said", [b"", b"GET /healthz HTTP/1.1\r\nHost: local"], ids=["nothing", "half a head"])
def test_connections_on_which_no_whole_request_came_hold_nobody_up(shop: Path, said: bytes) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(serving(shop, "--web-only", env={**ONE, "RATTAIL_WEB_THREADS": "1"}))
        slow = [stack.enter_context(socket.create_connection((HOST, server.port), timeout=20)) for _ in range(8)]
        for line in slow:
            line.sendall(said)

        assert server.get("/healthz", timeout_s=4) == (200, b"ok\n")
        slow[0].sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"[len(said) :])
        assert slow[0].recv(4096).startswith(b"HTTP/1.1 200")
        slow[1].sendall(b"GET / HTTP/1.1\r\nX: "[len(said) :] + b"x" * 70_000)
        assert slow[1].recv(12) == b""


@pytest.mark.parametrize("which", ["a process that answers", "its master", "the worker"])
def test_a_killed_process_comes_back(shop: Path, which: str) -> None:
    with serving(shop, env=ONE) as server:
        master, *answering = server.children("web")
        worker = min(server.children("worker"))
        killed = {"a process that answers": answering[0], "its master": master, "the worker": worker}[which]
        part = "worker" if killed == worker else "web"
        before = server.children(part)

        os.kill(killed, signal.SIGKILL)
        gone(killed)

        eventually(lambda: len(server.children(part)) == len(before) and killed not in server.children(part))
        eventually(lambda: server.get("/healthz")[0] == 200)
        server.send(signal.SIGINT)
        assert server.ended() == 0
    if killed != answering[0]:
        assert any("ended by signal 9; it is started again" in line for line in server.lines)


def test_while_the_web_process_is_away_browsers_wait_instead_of_being_refused(shop: Path) -> None:
    with serving(shop, "--web-only", env=ONE) as server:
        master, *answering = server.children("web")
        load = Load(server, clients=2)
        load.comes_to(20)
        for pid in (*answering, master):
            os.kill(pid, signal.SIGKILL)
        load.comes_to(20)

        outcomes = load.stop()

    assert "refused" not in outcomes
    assert server.children("worker") == []


def test_no_process_outlives_the_supervisor_and_the_port_is_free_again(server: Server) -> None:
    eventually(lambda: len(processes_of(server.appdir)) == 4)  # the second one that answers comes a moment later
    children = processes_of(server.appdir)
    server.send(signal.SIGKILL)
    for pid in children:
        gone(pid)

    with socket.create_server((HOST, server.port)):
        assert processes_of(server.appdir) == []


def test_no_job_is_lost_by_restarts_and_kills(server: Server) -> None:
    names = "state, kind, arguments, actor, created_at, run_at, done, total, message, subject, tries, deaths, token"
    values = "'ready', 'jobs.forget', '{}', 'alice', '2026-01-01', '2026-01-01', 0, 0, '', '', 0, 0, 0"
    file = server.appdir / "data" / "rattail.sqlite3"
    with closing(sqlite3.connect(file, timeout=30)) as records, records:
        for _ in range(15):
            records.execute(
                f"INSERT INTO jobs_job ({names}, worker, is_cancel_wanted, reason, failure) "
                f"VALUES ({values}, '', 0, '', '')"
            )

    def left(state: str) -> int:
        with closing(sqlite3.connect(file, timeout=30)) as records:
            asked = "SELECT count(*) FROM jobs_job WHERE actor = 'alice' AND state <> ?"
            return int(records.execute(asked, (state,)).fetchone()[0])

    eventually(lambda: left("done") < 15)
    server.send(signal.SIGHUP)
    worker = int(server.says("worker was replaced").rpartition(" ")[2])
    os.kill(worker, signal.SIGKILL)
    server.says("worker .* was ended by signal 9; it is started again")

    eventually(lambda: left("done") == 0)
    server.send(signal.SIGTERM)
    assert server.ended() == 0


def test_a_second_server_of_the_same_folder_is_told_who_the_first_is(server: Server, run: Run) -> None:
    second = run("serve", "--appdir", server.appdir, env={"RATTAIL_WEB_PORT": str(free_port())})

    assert second.code == 52
    assert f"is served already, by process {server.process.pid} (" in second.err
    assert server.get("/healthz") == (200, b"ok\n")


def test_the_web_application_and_the_worker_can_be_served_apart(shop: Path, run: Run) -> None:
    with serving(shop, "--web-only", env=ONE) as web:
        assert not json.loads(web.get("/readyz")[1])["worker"]
        with serving(shop, "--worker-only"):
            second = run("serve", "--worker-only", "--appdir", shop)
            eventually(lambda: web.get("/readyz")[0] == 200)
            worker = web.children("worker")[0]
            os.kill(worker, signal.SIGSTOP)
            eventually(lambda: not json.loads(web.get("/readyz")[1])["worker"])
            os.kill(worker, signal.SIGCONT)
            eventually(lambda: web.get("/readyz")[0] == 200)

    assert second.code == 52


def test_what_is_not_ready_is_said_with_what_is_wrong(shop: Path) -> None:
    env = {**ONE, "RATTAIL_CHECK_MIN_FREE_MB": "999999999"}
    with serving(shop, "--web-only", env=env) as server:
        status, first = server.get("/readyz")
        (shop / "sessions" / "lock").rename(shop / "sessions" / "gone")
        (shop / "data" / "rattail.sqlite3").rename(shop / "data" / "gone")
        later = json.loads(server.get("/readyz")[1])

    expected = {"ready": False, "database": True, "folder": True, "worker": False, "disk": False}
    wrong = {
        "worker": "no worker is there, or none that answers",
        "disk": "the disk of the app folder has less room left than check.min_free_mb",
    }
    assert (status, json.loads(first)) == (503, {**expected, "wrong": wrong})
    assert later.pop("wrong") == {
        **wrong,
        "database": "the database does not answer",
        "folder": "'sessions/lock' is missing",
        "worker": "whether a worker is there cannot be seen without the database",
    }
    assert later == {**expected, "database": False, "folder": False}


def test_what_is_not_ready_is_said_while_another_process_holds_the_whole_database(shop: Path) -> None:
    with serving(shop, "--web-only", env=ONE) as server:
        with closing(sqlite3.connect(shop / "data" / "rattail.sqlite3")) as other:
            other.execute("PRAGMA locking_mode=EXCLUSIVE")
            other.execute("BEGIN IMMEDIATE")
            status, answer = server.get("/readyz", timeout_s=20)
        free, _ = server.get("/login/")

    said = json.loads(answer)
    assert (status, said["database"], said["folder"], said["worker"], free) == (503, False, True, False, 200)


@web_test()
def test_whether_it_is_ready_is_said_without_a_look_at_sessions(web: Web) -> None:
    client = web.client_of("alice", "manager")
    away = [Path(web.site.folders[name]) for name in ("sessions/data", "work/user-files")]
    for folder in away:
        folder.rename(folder.with_name("away"))
    try:
        answers = [client.get("/healthz"), client.get("/readyz")]
    finally:
        for folder in away:
            folder.with_name("away").rename(folder)

    assert answers[0].content == b"ok\n"
    said = answers[1].json()
    assert said["disk"] is True
    assert said["wrong"]["folder"] == "'sessions/data' is missing; 'work/user-files' is missing"


def test_a_port_that_is_taken_is_named_with_who_has_it(shop: Path, run: Run) -> None:
    with socket.create_server((HOST, 0)) as other:
        port = other.getsockname()[1]
        refused = run("serve", "--appdir", shop, env={"RATTAIL_WEB_PORT": str(port)})

    assert refused.code == 55
    assert f"port {port} of 127.0.0.1 is in use by process {os.getpid()} (" in refused.err


def test_records_that_are_too_old_are_refused_with_what_to_type(appdir: Path, run: Run) -> None:
    refused = run("serve", "--appdir", appdir, env={"RATTAIL_WEB_PORT": str(free_port())})

    assert refused.code == 54
    assert "the database has no tables yet" in refused.err
    assert "migrate-db" in refused.err
    assert processes_of(appdir) == []


def test_a_restart_that_cannot_be_leaves_the_old_processes_at_work(server: Server) -> None:
    settings = server.appdir / "rattail.toml"
    was = settings.read_text()
    settings.write_text(was + "\n[web]\nprocesses = 0\n")
    server.send(signal.SIGHUP)
    server.says("not restarted")
    (server.appdir / "data" / "rattail.sqlite3").rename(server.appdir / "data" / "away")
    settings.write_text(was)
    server.send(signal.SIGHUP)
    server.says("web could not be replaced: the database has no tables yet")

    assert server.get("/healthz") == (200, b"ok\n")


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"RATTAIL_WEB_ADDRESS": "0.0.0.0"}, "web.public_url does not say under which address people come"),
        ({"RATTAIL_WEB_PUBLIC_URL": "office.example.org"}, "expected 'https://HOST' or 'http://HOST:PORT'"),
        ({"RATTAIL_WEB_PUBLIC_URL": "https://example.org/office"}, "a host of its own"),
        ({"RATTAIL_WEB_ADDRESS": "192.0.2.1", "RATTAIL_WEB_PUBLIC_URL": "http://192.0.2.1:80"}, "cannot listen on"),
    ],
    ids=["everywhere", "no scheme", "below another site", "not of this machine"],
)
def test_an_address_that_cannot_be_is_refused(shop: Path, run: Run, env: Mapping[str, str], said: str) -> None:
    refused = run("serve", "--appdir", shop, env=env)

    assert refused.code in (53, 57)
    assert said in refused.err
    assert (
        re.search(r"set-option --appdir \S+ web\.", refused.err) or "mend the lines and variables named" in refused.err
    )


def test_what_serve_refuses_as_its_address_is_neither_set_nor_found_good(shop: Path, run: Run) -> None:
    refused = run("set-option", "web.public_url", "https://example.org/office", "--appdir", shop)
    env = {"RATTAIL_WEB_PUBLIC_URL": "https://example.org/office"}

    assert refused.code != 0
    assert "nothing after it" in refused.err
    assert "nothing after it" in run("check-appdir", "--appdir", shop, env=env).out


def _next_child(pid: int, *, after: int) -> int:
    """The child that a process has instead of its child `after`, in the moment it is there."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    while True:
        found = {int(child) for child in children.read_text().split()} - {after}
        if found:
            return found.pop()
