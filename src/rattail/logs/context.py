"""What a line of the log belongs to."""

from contextvars import ContextVar

#: The number of the request that is being answered, and of the job that runs; empty: none.
request_id: ContextVar[str] = ContextVar("request_id", default="")
job_id: ContextVar[str] = ContextVar("job_id", default="")
