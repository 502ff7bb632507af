"""The systemd units: the server, what timers run, the mail on failure; and the folders that have to be there."""

from __future__ import annotations

from rattail.features.serve.units.machine import Machine, Timed

_HEAD = "# Written by rattail make-units. Changes belong into a drop-in: systemctl edit {unit}\n"
#: What a unit may not do. Each line was tried: the app runs under all of them.
_HARDENED = """\
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
PrivateMounts=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
LockPersonality=yes
RemoveIPC=yes
CapabilityBoundingSet=
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@resources
SystemCallErrorNumber=EPERM
UMask=0027
"""
_MORE_WAIT_S = 45  # beyond what running jobs may take: accepted requests, and the rest


def systemd_files(machine: Machine) -> dict[str, str]:
    """Every unit by its file name."""
    files = {f"{machine.unit}.service": _server(machine)}
    for timed in machine.timed:
        name = f"{machine.unit}-{timed.verb}"
        files[f"{name}.service"] = _once(machine, timed)
        files[f"{name}.timer"] = _timer(machine, timed)
    files[f"{machine.unit}-failure@.service"] = _failure(machine)
    return files


def tmpfiles(machine: Machine) -> str:
    """The folders outside the app folder that have to be there before a unit may name them."""
    lines = [
        "# Written by rattail make-units, for systemd-tmpfiles.",
        "# The app folder looks after itself (rattail make-appdir); only what lies beside it stands here.",
    ]
    for path in (machine.backups, *machine.writable[1:]):
        lines.append(f"d {path} 0750 {machine.user} {machine.group} -")
    return "\n".join(lines) + "\n"


def _server(machine: Machine) -> str:
    after = "network-online.target" + (" postgresql.service" if machine.needs_database_server else "")
    return f"""\
{_HEAD.format(unit=f"{machine.unit}.service")}\
[Unit]
Description={machine.title}: web application and workers
After={after}
Wants=network-online.target
OnFailure={machine.unit}-failure@%n.service
StartLimitIntervalSec=300
StartLimitBurst=10

[Service]
Type=notify
{_who(machine)}
ExecStart={machine.program} serve --appdir {machine.root}
ExecReload=/bin/kill -HUP $MAINPID
KillMode=mixed
TimeoutStartSec=120
TimeoutStopSec={machine.stop_wait_s + _MORE_WAIT_S}
Restart=on-failure
RestartSec=5
{_HARDENED}{_writable(machine)}
[Install]
WantedBy=multi-user.target
"""


def _once(machine: Machine, timed: Timed) -> str:
    return f"""\
{_HEAD.format(unit=f"{machine.unit}-{timed.verb}.service")}\
[Unit]
Description={machine.title}: {timed.verb}
OnFailure={machine.unit}-failure@%n.service

[Service]
Type=oneshot
{_who(machine)}
ExecStart={machine.program} {timed.verb}{timed.words} --quiet --appdir {machine.root}
Nice=10
IOSchedulingClass=idle
{_HARDENED}{_writable(machine)}"""


def _timer(machine: Machine, timed: Timed) -> str:
    return f"""\
{_HEAD.format(unit=f"{machine.unit}-{timed.verb}.timer")}\
[Unit]
Description={timed.title}, every night

[Timer]
OnCalendar={timed.when}
RandomizedDelaySec=600
Persistent=yes

[Install]
WantedBy=timers.target
"""


def _failure(machine: Machine) -> str:
    """A unit that failed is noted, and the mail sent right away: the worker that would send it may be what failed."""
    send = f"ExecStart=-{machine.program} run-jobs --quiet --appdir {machine.root}\n" if machine.has_mail else ""
    return f"""\
{_HEAD.format(unit=f"{machine.unit}-failure@.service")}\
[Unit]
Description={machine.title}: tell somebody that %i failed

[Service]
Type=oneshot
{_who(machine)}
ExecStart={machine.program} note-failure %i --quiet --appdir {machine.root}
{send}TimeoutStartSec=600
{_HARDENED}{_writable(machine)}"""


def _who(machine: Machine) -> str:
    return f"User={machine.user}\nGroup={machine.group}\nWorkingDirectory={machine.root}"


def _writable(machine: Machine) -> str:
    paths = (*machine.writable, *(f"-{path}" for path in (machine.backups, *machine.copies)))
    return "".join(f"ReadWritePaths={path}\n" for path in paths)
