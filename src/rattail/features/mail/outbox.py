"""From what was written down to somebody who was told: sealing letters, sending them, calling on failure.

A letter is committed before the mail server sees it, and marked as told after the server has accepted it. So a crash
in between can send it twice, with the same Message-ID, and never not at all.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from rattail.appdir.hints import called_from_anywhere, program_of_environment, root_to_name
from rattail.features.mail.calling import NotCalled, call
from rattail.features.mail.compose import compose, mail_of_letter, things_of
from rattail.features.mail.configured import Hook, Mail
from rattail.features.mail.deliver import NotSent, deliver
from rattail.features.mail.message import Composed
from rattail.notices.models import Letter, Notice
from rattail.notices.read import GRAVITY

MOST_THINGS = 200
MOST_LETTERS = 20
CLAIM = timedelta(minutes=20)
_BACK_OFF_MINUTES = (1, 2, 4, 8, 15)
_LATER = timedelta(days=1)
_MANY_TRIES = 5
_ABOUT_THE_LETTER = ("message_refused",)  # failures after which another letter may well be taken
_MOST_CALLS = 3
_log = logging.getLogger("rattail.mail")


class Post(NamedTuple):
    """What sending needs to know of the app."""

    mail: Mail
    hook: Hook
    fold: timedelta
    title: str
    zone: ZoneInfo
    app_id: str
    root: str
    foot: str

    @property
    def can_tell(self) -> bool:
        return self.mail.server is not None or bool(self.hook)


class Told(NamedTuple):
    """What one round did."""

    sealed: int
    mailed: int
    failed: int


def is_work_waiting(post: Post, *, now: datetime) -> bool:
    """Whether a round would do anything; costs two look-ups."""
    return post.can_tell and (_due_letters(now).exists() or (_may_seal(post) and _due(post, now=now).exists()))


def tell(post: Post, *, clock: Callable[[], datetime], go_on: Callable[[int], object] = lambda _: None) -> Told:
    """Tell people what waits to be told, as far as that is possible now. `go_on` is called after each letter.

    A server that fails stops nothing: its letters wait, for longer each time, and for 15 minutes at most. After one
    that it did not even look at, a round does not try the others.
    """
    sealed = mailed = failed = 0
    for count in range(MOST_LETTERS if post.can_tell else 0):
        letter = _claimed(clock())
        if letter is None:
            if not (_may_seal(post) and seal(post, now=clock())):
                break
            sealed += 1
            letter = _claimed(clock())
            if letter is None:
                break  # another round was quicker
        was_mailed, is_well = _tell_one(letter, post, clock=clock)
        mailed += was_mailed
        failed += not is_well
        go_on(count + 1)
        if letter.mailed_at is None and letter.failure_kind not in ("", *_ABOUT_THE_LETTER):
            break
    return Told(sealed, mailed, failed)


def seal(post: Post, *, now: datetime) -> Letter | None:
    """Put what is due into one new letter: the most serious first, nothing that was told within `post.fold`."""
    with transaction.atomic():
        found = (
            _due(post, now=now).order_by(GRAVITY, "first_at", "id").select_for_update(skip_locked=True, of=("self",))
        )
        due = list(found[:MOST_THINGS])
        if not due:
            return None
        composed = compose(things_of(due), zone=post.zone, foot=post.foot)
        text = called_from_anywhere(composed.text, program=program_of_environment(), root=root_to_name(post.root))
        wants_call = bool(post.hook) and composed.level != "info"
        letter = write_letter(uuid.uuid4().hex, composed._replace(text=text), now=now, wants_call=wants_call)
        Notice.objects.filter(id__in=[one.id for one in due]).update(letter=letter)
        return letter


def write_letter(name: str, composed: Composed, *, now: datetime, wants_call: bool = False) -> Letter:
    """Commit a letter to what is to be told; `name` is unique among all letters."""
    return Letter.objects.create(
        name=name,
        level=composed.level,
        subject=composed.subject,
        text=composed.text,
        sealed_at=now,
        next_try_at=now,
        wants_call=wants_call,
    )


def prune(*, keep: timedelta, now: datetime) -> int:
    """Forget what is older than `keep`, told or not; returns how many of them nobody was told."""
    old_letters = Letter.objects.filter(sealed_at__lt=now - keep)
    old_notices = Notice.objects.filter(letter=None, last_at__lt=now - keep)
    with transaction.atomic():
        untold = old_notices.filter(told_at=None).count()
        untold += Notice.objects.filter(letter__in=old_letters, told_at=None).count()
        old_letters.delete()
        old_notices.delete()
    if untold:
        _log.warning("%d messages were forgotten that nobody could be told", untold)
    return untold


def _due(post: Post, *, now: datetime) -> QuerySet[Notice]:
    lately = Notice.objects.filter(key=OuterRef("key"), letter__sealed_at__gt=now - post.fold)
    return Notice.objects.filter(~Exists(lately), letter=None, told_at=None)


def _may_seal(post: Post) -> bool:
    """Not while the mail server takes nothing: what happens meanwhile is counted, and told as one when it does.

    Who is called on failure is told all the same.
    """
    if post.mail.server is None or post.hook:
        return True
    stuck = Letter.objects.filter(mailed_at=None, next_try_at__isnull=False, tries__gt=0)
    return not stuck.exclude(failure_kind__in=_ABOUT_THE_LETTER).exists()


def _due_letters(now: datetime) -> QuerySet[Letter]:
    return Letter.objects.filter(next_try_at__lte=now)


def _claimed(now: datetime) -> Letter | None:
    """The next letter that is due, kept from every other round for as long as one may take."""
    for letter in _due_letters(now).order_by("id")[:MOST_LETTERS]:
        ours = Letter.objects.filter(id=letter.id, next_try_at=letter.next_try_at)
        if ours.update(next_try_at=now + CLAIM):
            return letter
    return None


def _tell_one(letter: Letter, post: Post, *, clock: Callable[[], datetime]) -> tuple[bool, bool]:
    """Mail and call as far as the letter still wants it; returns whether it was mailed now, and whether all is well."""
    was_mailed, is_well = False, True
    if post.mail.server is not None and letter.mailed_at is None:
        is_well = was_mailed = _mail(letter, post, clock=clock)
    if letter.wants_call and letter.called_at is None and letter.call_tries < _MOST_CALLS and post.hook:
        is_well = _call(letter, post, clock=clock) and is_well
    letter.next_try_at = _next_try_at(letter, post, now=clock())
    told_at = letter.mailed_at or (clock() if letter.reached else None)
    if told_at is None and post.mail.server is None:
        told_at = letter.called_at
    with transaction.atomic():
        letter.save()
        if told_at is not None:
            Notice.objects.filter(letter=letter, told_at=None).update(told_at=told_at)
    return was_mailed, is_well


def _mail(letter: Letter, post: Post, *, clock: Callable[[], datetime]) -> bool:
    server = post.mail.require_server()
    to = [address for address in post.mail.to if address not in letter.reached]
    message = mail_of_letter(
        letter,
        title=post.title,
        sender=post.mail.sender,
        sender_name=post.mail.sender_name,
        to=post.mail.to,
        app_id=post.app_id,
    )
    letter.tries += 1
    try:
        refused = deliver(message, server, sender=post.mail.sender, to=to) if to else ()
    except NotSent as error:
        letter.failure_kind, letter.failure = error.kind, error.message
        _log.warning("not mailed: %s", error.message)
        if letter.reached and letter.tries > _MANY_TRIES:
            letter.mailed_at = clock()  # somebody was told; who is left will not be
        return letter.mailed_at is not None
    gone = {one.address for one in refused}
    letter.reached = [*letter.reached, *(address for address in to if address not in gone)]
    letter.failure_kind = "recipients_refused" if refused else ""
    letter.failure = " ".join(f"{one.address} was refused: {one.words}." for one in refused)
    if refused:
        _log.warning("mailed, but %s", letter.failure)
    if all(one.is_final for one in refused) or letter.tries > _MANY_TRIES:
        letter.mailed_at = clock()
    return letter.mailed_at is not None


def _call(letter: Letter, post: Post, *, clock: Callable[[], datetime]) -> bool:
    letter.call_tries += 1
    try:
        call(post.hook, told_of(letter, post), root=post.root)
    except NotCalled as error:
        letter.call_failure = str(error)
        _log.warning("%s", error)
        return False
    letter.called_at, letter.call_failure = clock(), ""
    return True


def told_of(letter: Letter, post: Post) -> dict[str, object]:
    """A letter as the program or address of `on_failure` gets it."""
    return {
        "app": post.title,
        "app_id": post.app_id,
        "level": letter.level,
        "subject": letter.subject,
        "text": letter.text,
        "id": letter.name,
        "notices": [
            {
                **thing._asdict(),
                "first_at": thing.first_at.isoformat(),
                "last_at": thing.last_at.isoformat(),
            }
            for thing in things_of(letter.notices.all())
        ],
    }


def _next_try_at(letter: Letter, post: Post, *, now: datetime) -> datetime | None:
    """When there is something to do again; None where all is done."""
    wants_mail = letter.mailed_at is None and (post.mail.server is not None or letter.called_at is None)
    wants_call = letter.wants_call and letter.called_at is None and letter.call_tries < _MOST_CALLS and bool(post.hook)
    if not wants_mail and not wants_call:
        return None
    is_hopeless = letter.failure_kind in _ABOUT_THE_LETTER and letter.tries > _MANY_TRIES
    if not wants_call and (post.mail.server is None or is_hopeless):
        return now + _LATER
    tries = max(letter.tries if wants_mail else 0, letter.call_tries if wants_call else 0)
    return now + timedelta(minutes=_BACK_OFF_MINUTES[min(tries, len(_BACK_OFF_MINUTES)) - 1])
