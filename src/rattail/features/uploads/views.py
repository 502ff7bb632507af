"""Uploads over HTTP: started, sent piece by piece, gone on with where they broke off; and the page of one's own.

POST /uploads/ starts one (JSON: name, size, purpose, type) and answers with its token and how large a piece may be;
PATCH /uploads/TOKEN/ adds the body at the header Upload-Offset; HEAD says where it ends; DELETE gives it up. The last
piece finishes it: what is refused then is gone, and the answer says why.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from rattail.errors import AppDirBroken, AppDirBusy, InputRejected, NoSuchThing, RattailError
from rattail.features.uploads.form_post import TAKEN, Taking
from rattail.features.uploads.ground import Ground, ground_of
from rattail.features.uploads.refused import NoRoom, OffsetElsewhere, TooLarge, Unsuited
from rattail.features.uploads.service.append import BLOCK_BYTES, append
from rattail.features.uploads.service.find import all_uploads, find_upload
from rattail.features.uploads.service.finish import finish
from rattail.features.uploads.service.remove import cancel
from rattail.features.uploads.service.start import CHUNK_BYTES, start_upload
from rattail.features.uploads.upload import Upload
from rattail.web.access import Request, signed_in
from rattail.web.flash import say
from rattail.web.sessions import let_go

OFFSET, LENGTH, WHOLE, PIECE = "Upload-Offset", "Upload-Length", "Upload-Whole", "Upload-Piece"
USING_PAGE = "batches.new"
_STATUSES: tuple[tuple[type[RattailError], int], ...] = (
    (TooLarge, 413),
    (Unsuited, 415),
    (NoRoom, 507),
    (OffsetElsewhere, 409),
    (AppDirBusy, 409),
    (NoSuchThing, 404),
    (AppDirBroken, 507),
    (InputRejected, 422),
)
Answer = Callable[[], HttpResponse]
_log = logging.getLogger("rattail.web.uploads")


def uploads(request: Request) -> HttpResponse:
    """The page of one's own uploads; or the start of one."""
    ground = _ground(request)
    if request.method == "POST":
        return _answered(lambda: _start(request, ground))
    waiting = sorted(all_uploads(ground), key=lambda one: one.started_at, reverse=True)
    names = {page.name for page in request.site.registry.pages}
    can_use = USING_PAGE in names and signed_in(request).may("batches.create")
    return render(
        request,
        "uploads/list.html",
        {
            "title": "Uploads",
            "uploads": waiting,
            "keep_days": request.site.settings.integer("uploads.keep_days"),
            "use": reverse(USING_PAGE) if can_use else "",
        },
    )


def one(request: Request, token: str) -> HttpResponse:
    """One upload: how far it is (HEAD), the next piece of it (PATCH), the end of it (DELETE)."""
    ground = _ground(request)
    let_go(request)
    if request.method == "PATCH":
        return _answered(lambda: _add(request, token, ground))
    if request.method == "DELETE":
        return _answered(lambda: (cancel(token, ground=ground), HttpResponse(status=204))[1])
    return _answered(lambda: _with_headers(HttpResponse(), find_upload(token, ground=ground)))


def post_form(request: Request) -> HttpResponse:
    """Files sent by a plain form, without a script."""
    taking: Taking | None = getattr(request, TAKEN, None)
    if taking is None:
        raise InputRejected("no file was sent.", hint="choose a file, then press Upload")
    go = request.POST.get("go", "")  # whoever asks for a field of the form has the files taken before
    for text in taking.refused:
        say(request, text, tone="bad")
    whole = taking.keep()
    for upload in whole:
        say(request, f"{upload.name} is uploaded.")
    if not whole and not taking.refused:
        say(request, "No file was chosen.", tone="warning")
    names = {page.name for page in request.site.registry.pages if "<" not in page.path}
    if len(whole) == 1 and not taking.refused and go in names:
        return redirect(f"{reverse(go)}?{urlencode({'upload': whole[0].token})}")
    return redirect("uploads.list")


def delete(request: Request, token: str) -> HttpResponse:
    """Give an upload up, from the page."""
    upload = cancel(token, ground=_ground(request))
    say(request, f"{upload.name} is deleted.")
    return redirect("uploads.list")


def _ground(request: Request) -> Ground:
    return ground_of(request.site, actor=signed_in(request).name)


def _start(request: Request, ground: Ground) -> HttpResponse:
    try:
        asked = json.loads(request.body)
        name, size_bytes = asked["name"], asked["size"]
        purpose, said_type = asked.get("purpose", "file"), asked.get("type", "")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise InputRejected("an upload is started with JSON that has 'name' and 'size'.") from None
    is_right = isinstance(size_bytes, int) and not isinstance(size_bytes, bool) and 0 <= size_bytes < 1 << 62
    if not (is_right and all(isinstance(text, str) for text in (name, purpose, said_type))):
        raise InputRejected("'name', 'purpose' and 'type' have to be texts, and 'size' a number of bytes.")
    upload = start_upload(ground, name=name, size_bytes=size_bytes, purpose=purpose, said_type=said_type)
    response = _with_headers(JsonResponse({**_said(upload), "chunk_bytes": CHUNK_BYTES}, status=201), upload)
    response["Location"] = reverse("uploads.one", args=(upload.token,))
    return response


def _add(request: Request, token: str, ground: Ground) -> HttpResponse:
    offset, length = _number(request.headers.get(OFFSET, "")), _number(request.headers.get("Content-Length") or "0")
    if offset is None or length is None:
        raise InputRejected(
            f"a piece of an upload needs the header {OFFSET}: the number of bytes that are there already."
        )
    if length > CHUNK_BYTES:
        raise TooLarge(f"a piece of an upload has at most {CHUNK_BYTES:,} bytes; this one has {length:,}.")
    try:
        upload = append(token, offset=offset, blocks=_blocks(request, length), ground=ground)
    except OffsetElsewhere as error:
        upload = find_upload(token, ground=ground)
        if not upload.is_whole or length:
            raise error from None
    if not upload.is_whole and upload.received_bytes == upload.size_bytes:
        upload = finish(token, ground=ground)
    return _with_headers(JsonResponse(_said(upload)), upload)


def _blocks(request: Request, length: int) -> Iterator[bytes]:
    """The body of a request, a piece of bounded size at a time; it ends early where the connection does."""
    while length > 0:
        block = bytearray()
        while len(block) < min(length, BLOCK_BYTES):
            try:
                read = request.read(min(length, BLOCK_BYTES) - len(block))
            except OSError:  # the connection broke: what came before it counts
                read = b""
            if not read:
                break
            block += read
        if not block:
            return
        length -= len(block)
        yield bytes(block)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def _said(upload: Upload) -> dict[str, object]:
    return {
        "token": upload.token,
        "name": upload.name,
        "offset": upload.received_bytes,
        "size": upload.size_bytes,
        "whole": upload.is_whole,
        "sha256": upload.sha256,
        "kind": upload.content_kind,
    }


def _with_headers(response: HttpResponse, upload: Upload) -> HttpResponse:
    response[OFFSET] = str(upload.received_bytes)
    response[LENGTH] = "" if upload.size_bytes is None else str(upload.size_bytes)
    response[PIECE] = str(CHUNK_BYTES)
    response[WHOLE] = "yes" if upload.is_whole else "no"
    return response


def _answered(act: Answer) -> HttpResponse:
    """What `act` answers; what it refuses as JSON, with a status for scripts and a sentence for people."""
    try:
        return act()
    except RattailError as error:
        status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)
        message, hint = error.message, error.hint
        if isinstance(error, AppDirBroken) and not isinstance(error, NoRoom):
            _log.error("%s", error)
            message, hint = "the shop's computer cannot store the file at this moment.", "try again in a minute"
        response = JsonResponse({"error": message, "hint": hint}, status=status)
        if isinstance(error, OffsetElsewhere):
            response[OFFSET] = str(error.offset)
        return response
