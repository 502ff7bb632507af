"""The states of a batch, and which may follow which: the one table that code and database share.

    new ──> reading ──> ready ──> executing ──> executed ──> undone
              │  ^        │ ^         │             ^           │
              v  │        v │         v             │           v
            failed <── reading      ready        (undoing: inside one transaction)

A batch in `reading` or `executing` is held by a lease (`lease.py`), which ends with its process. One that
nobody holds was interrupted: reading is begun again, executing never happened, because its changes and the
state `executed` are one transaction.
"""

from enum import StrEnum


class State(StrEnum):
    NEW = "new"
    READING = "reading"
    READY = "ready"
    EXECUTING = "executing"
    EXECUTED = "executed"
    UNDONE = "undone"
    FAILED = "failed"


#: From each state, the states that may follow. The database refuses everything else (migration 0002).
FOLLOWING: dict[State, tuple[State, ...]] = {
    State.NEW: (State.READING, State.FAILED),
    State.READING: (State.READY, State.FAILED, State.NEW),
    State.READY: (State.EXECUTING, State.READING),
    State.EXECUTING: (State.EXECUTED, State.READY),
    State.EXECUTED: (State.UNDONE,),
    State.UNDONE: (State.EXECUTING, State.READING),
    State.FAILED: (State.READING,),
}

#: States in which records of the store are as the batch made them.
IN_FORCE = (State.EXECUTED,)
#: States in which rows may be corrected, removed and added.
OPEN = (State.READY,)
