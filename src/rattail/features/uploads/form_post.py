"""Files sent by a plain form: from the connection straight into the folder of uploads, nowhere else.

Django takes a form apart before any view is called, and knows no upload handler but ours, which stands in its way on
the one page that takes files. What no view has kept at the end of the request is removed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from rattail.errors import RattailError
from rattail.features.uploads.ground import Ground, ground_of
from rattail.features.uploads.service.append import BLOCK_BYTES, append
from rattail.features.uploads.service.finish import finish
from rattail.features.uploads.service.remove import remove_upload
from rattail.features.uploads.service.start import start_upload
from rattail.features.uploads.upload import Upload
from rattail.web.access import person_of
from rattail.web.failures import failure
from rattail.web.sessions import let_go

PAGE = "uploads.form"
PERMISSION = "uploads.create"
TAKEN = "uploads_taken"
PURPOSE = "purpose"
MOST_FILES = 20
_MULTIPART = "multipart/form-data"
_WITH_FORM = ("POST", "PUT", "PATCH")
_LARGEST_WITHOUT_FILES_BYTES = 1 << 20


class Taking(FileUploadHandler):
    """Takes the files of one request. It never raises, since nobody above would tell a person: see `refused`."""

    chunk_size = BLOCK_BYTES

    def __init__(self, ground: Ground, *, purpose: str) -> None:
        super().__init__()
        self.refused: list[str] = []
        self._ground = ground
        self._purpose = purpose
        self._upload: Upload | None = None
        self._whole: list[Upload] = []
        self._is_kept = False

    def new_file(self, *arguments: Any, **named: Any) -> None:
        super().new_file(*arguments, **named)
        self._give_up()
        if len(self._whole) >= MOST_FILES:
            self._refuse(f"{self.file_name}: at most {MOST_FILES} files are taken at once.")
        try:
            self._upload = start_upload(
                self._ground,
                name=self.file_name or "",
                size_bytes=None,
                purpose=self._purpose,
                said_type=self.content_type or "",
            )
        except RattailError as error:
            self._refuse(str(error))

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        if self._upload is not None:
            try:
                self._upload = append(self._upload.token, offset=start, blocks=(raw_data,), ground=self._ground)
            except RattailError as error:
                self._refuse(str(error))
        return None

    def file_complete(self, file_size: int) -> UploadedFile[Any] | None:
        if self._upload is not None:
            try:
                self._whole.append(finish(self._upload.token, ground=self._ground))
                self._upload = None
            except RattailError as error:
                self.refused.append(str(error))
                self._give_up()
        return None

    def upload_interrupted(self) -> None:
        self._give_up()

    def keep(self) -> tuple[Upload, ...]:
        """What came whole; it stays."""
        self._is_kept = True
        return tuple(self._whole)

    def end(self) -> None:
        """Remove what nobody kept."""
        self._give_up()
        if not self._is_kept:
            for upload in self._whole:
                self._remove(upload)

    def _refuse(self, text: str) -> None:
        self.refused.append(text)
        self._give_up()
        raise SkipFile

    def _give_up(self) -> None:
        if self._upload is not None:
            self._remove(self._upload)
            self._upload = None

    def _remove(self, upload: Upload) -> None:
        try:
            remove_upload(upload, ground=self._ground)
        except RattailError as error:
            self.refused.append(str(error))


class FilesOfForms:
    """Puts `Taking` in place for the one page, once it is known that the person may upload."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            return self.answer(request)
        finally:
            taking = getattr(request, TAKEN, None)
            if taking is not None:
                taking.end()

    def process_view(
        self, request: HttpRequest, view: Callable[..., object], _words: object, _named: object
    ) -> HttpResponse | None:
        if request.content_type != _MULTIPART or request.method not in _WITH_FORM:
            return None
        page, person = getattr(view, "page", None), None
        if page is not None and page.name == PAGE and request.method == "POST":
            person = person_of(request)
        if person is None or person.must_change_password or not person.may(PERMISSION):
            return _refuse_large(request, _LARGEST_WITHOUT_FILES_BYTES)  # if small, the guard says what is wrong
        let_go(request)
        ground = ground_of(cast("Any", request).site, actor=person.name)
        refusal = _refuse_large(request, ground.limits.total_bytes)
        if refusal is None:
            taking = Taking(ground, purpose=request.GET.get(PURPOSE, "file"))
            setattr(request, TAKEN, taking)
            request.upload_handlers = [taking]
        return refusal


def _refuse_large(request: HttpRequest, largest_bytes: int) -> HttpResponse | None:
    """Refuse a form before it is read: Django would read all of it, only to throw it away."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isascii() and length.isdigit() and int(length) <= largest_bytes:
        return None
    return failure(request, 413, "This is too much", "What was sent is larger than what is taken here.")
