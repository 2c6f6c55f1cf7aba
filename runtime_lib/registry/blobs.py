"""Reading a blob: resumed where the connection broke, and verified to its last byte."""

from __future__ import annotations

import hashlib

from ..errors import CorruptData, RegistryError
from . import failures
from .session import BROKEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .connection import Response
    from .session import Session


class BlobReader:
    """`read(n)` gives the bytes; b"" comes only after digest and length were right. A context manager."""

    def __init__(self, session: Session, digest: str, size: int, start: int = 0, total: Any = None) -> None:
        """With `start`, the bytes before are there already and `total` is their hash."""
        self._session, self._digest, self._size = session, digest, size
        self._offset = start
        self._total = total if start else hashlib.sha256()
        self._answer: Response | None = None
        self._failures = 0
        self._window = (0.0, 0)

    def __enter__(self) -> BlobReader:
        return self

    def __exit__(self, *_unused: object) -> None:
        self._drop()

    @property
    def offset(self) -> int:
        """How many bytes there are now."""
        return self._offset

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes. Raises CorruptData for other bytes than asked for, RegistryError."""
        while self._offset < self._size:
            try:
                data = self._answered().read(min(size, self._size - self._offset))
                self._watch(len(data))
            except BROKEN as error:
                self._again(error)
                continue
            if not data:
                self._again(None)
                continue
            self._offset += len(data)
            self._total.update(data)
            return data
        self._finish()
        return b""

    def _finish(self) -> None:
        if self._is_longer():
            raise CorruptData(f"{self._where()} is longer than the {self._size} bytes of its manifest")
        found = f"sha256:{self._total.hexdigest()}"
        if found != self._digest:
            raise CorruptData(
                f"{self._where()} has the digest {found}: the registry is damaged, or somebody is in between"
            )
        self._drop()

    def _is_longer(self) -> bool:
        try:
            return self._answer is not None and bool(self._answer.read(1))
        except BROKEN:
            return False  # all that counts is there

    def _where(self) -> str:
        endpoint = self._session.endpoint
        return f"registry {endpoint.registry}: blob {self._digest} of {endpoint.repository}"

    def _again(self, error: BaseException | None) -> None:
        """Drop the connection; raise when nothing has come since the last failures."""
        self._drop()
        self._failures += 1
        settings = self._session.settings
        if self._failures >= settings.tries:
            if error is not None:
                raise failures.broken(self._session.endpoint, error) from error
            raise RegistryError(f"{self._where()} ends after {self._offset} of {self._size} bytes, again and again")
        settings.sleep(min(0.5 * 2.0 ** (self._failures - 1), 8.0))

    def _answered(self) -> Response:
        if self._answer is not None:
            return self._answer
        endpoint = self._session.endpoint
        headers = {"Range": f"bytes={self._offset}-"} if self._offset else {}
        path = f"/v2/{endpoint.repository}/blobs/{self._digest}"
        answer = self._session.request("GET", path, f"repository:{endpoint.repository}:pull", headers)
        if answer.status == 200 and self._offset:
            try:
                self._pass_over(answer)
            except BaseException:
                answer.close()
                raise
        elif answer.status != (206 if self._offset else 200):
            raise failures.of_answer(endpoint, answer, f"getting blob {self._digest}")
        elif self._offset and not (answer.headers.get("Content-Range") or "").startswith(f"bytes {self._offset}-"):
            answer.close()
            raise RegistryError(f"{self._where()}: the registry sends another part than was asked for")
        self._answer = answer
        self._window = (self._session.settings.now(), 0)
        return answer

    def _pass_over(self, answer: Response) -> None:
        """A registry that knows no ranges begins anew: what is there already is read once more."""
        left = self._offset
        while left:
            data = answer.read(min(left, 1 << 20))
            if not data:
                raise ConnectionError("the answer ended early")
            left -= len(data)

    def _watch(self, length: int) -> None:
        """A drop now and then is as good as nothing: count it as a broken connection."""
        settings = self._session.settings
        began, count = self._window
        count += length
        if count >= settings.slowest or self._offset + length == self._size:
            self._failures = 0
        if settings.now() - began > settings.timeout:
            if count < settings.slowest:
                raise TimeoutError(f"only {count} bytes within {settings.timeout:.0f} seconds")
            began, count = settings.now(), 0
        self._window = (began, count)

    def _drop(self) -> None:
        if self._answer is not None:
            self._answer.close()
            self._answer = None
