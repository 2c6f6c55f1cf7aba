"""The database, the locks and the atomic files of one installation."""

from __future__ import annotations

import _sqlite3 as sqlite3  # `sqlite3` imports `datetime`, which every start would pay for
import errno
import fcntl
import os
import time
from contextlib import contextmanager, suppress

from . import schema
from .errors import Busy, CorruptData, HostLacks
from .linux import inodeflags, kernel, libc
from .paths import Layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

LOCK_PATIENCE = 60.0  # seconds; longer than any operation that holds a lock should last
_LOG_PAGES = 200
_RESERVE = 1024 * 1024  # bytes
_PLENTY = 16 * _RESERVE


class Store:
    """One open database. Use `transaction()` for every change; reads need none.

    Durability (sqlite.org/pragma.html#pragma_synchronous): WAL with synchronous=NORMAL never corrupts and never
    tears a transaction; the last ones may be undone by a power cut, but not by a killed process. Where a name appears
    or vanishes that would lose data, or bring back a row without its files: such transactions are `durable`.
    """

    _durable = False  # whether the transaction in progress is
    _looks = False  # whether it is an observer

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        _make_folders(layout)
        self._open(layout.database)

    @classmethod
    def observer(cls, layout: Layout) -> Store:
        """Return a store to look at: it makes no folder and changes nothing, and a bare host is an empty store."""
        store = cls.__new__(cls)
        store.layout = layout
        store._looks = True
        store._open(layout.database if os.path.exists(layout.database) else ":memory:", looks=True)
        store._db.execute("PRAGMA query_only = ON")
        return store

    def _open(self, database: str, looks: bool = False) -> None:
        address = database
        if database != ":memory:":
            if _is_read_only(self.layout.root):
                address = _unwritable(database)
            else:
                _keep_reserve(self.layout.root)
        try:
            self._db = _connect(address, database, looks)
        except sqlite3.DatabaseError as error:
            raise self._explained(error) from error

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Return all rows of a SELECT."""
        try:
            return self._db.execute(sql, parameters).fetchall()
        except sqlite3.DatabaseError as error:
            raise self._explained(error) from error

    def row(self, sql: str, parameters: Sequence[Any] = ()) -> sqlite3.Row | None:
        """Return the first row of a SELECT, or None."""
        rows = self.query(sql, parameters)
        return rows[0] if rows else None

    @contextmanager
    def transaction(self, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """Hold the write lock for a block; commit at its end, roll back when it raises. Blocks may be nested.

        With `durable` no power cut undoes it, nor any transaction before it: the end of the block waits for the disk,
        unless nothing was changed. Of nested blocks the outer one decides. Files that a row makes count must be
        written out before (`write_out`, `sync_folder`).
        """
        if self._db.in_transaction:
            if durable and not self._durable:
                raise RuntimeError("a durable transaction inside of one that is not")
            yield self._db
            return
        try:
            if durable:  # it cannot be changed inside of a transaction
                self._db.execute("PRAGMA synchronous = FULL")
                self._durable = True
            self._db.execute("BEGIN IMMEDIATE")
            schema.check(self._db, self.layout.database)  # a newer library may have come since we opened it
            yield self._db
            self._db.execute("COMMIT")
        except sqlite3.IntegrityError:
            raise  # the caller knows which rule of the schema it has met
        except sqlite3.DatabaseError as error:
            raise self._explained(error) from error
        finally:
            if self._db.in_transaction:  # SQLite itself rolls back when the disk is full
                self._db.execute("ROLLBACK")
            if self._durable:
                self._db.execute("PRAGMA synchronous = NORMAL")
                self._durable = False

    def write_out(self) -> None:
        """Wait until all files and folders of the store are on the disk (syncfs(2)).

        One wait for a whole tree: a journal commit instead of one for each of its files.
        """
        _synced(self.layout.root, libc.syncfs)

    @contextmanager
    def lock(self, kind: str, name: str, patience: float = LOCK_PATIENCE, shared: bool = False) -> Iterator[None]:
        """Hold a lock on one object (`kind` "container", "layer", ...) between processes; exclusive unless `shared`.

        The kernel releases it when the holder dies. Raises Busy with the holder's pid after `patience` seconds.
        """
        if self._looks and not os.path.isdir(self.layout.locks):  # nobody has made anything since the boot
            yield
            return
        path = f"{self.layout.locks}/{kind}-{name.replace('/', '_')}"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _flock(descriptor, f"{kind} {name}", patience, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
            os.pwrite(descriptor, b"%-10d" % os.getpid(), 0)
            yield
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def _explained(self, error: sqlite3.DatabaseError) -> Exception:
        """Return what the user can do about it: Busy, CorruptData, or OSError for what the file system refuses."""
        database = self.layout.database
        if "locked" in str(error):
            return Busy(f"another process holds the database {database} for too long; try again")
        if "readonly" in str(error) or _is_read_only(self.layout.root):
            return OSError(errno.EROFS, os.strerror(errno.EROFS), database)
        if isinstance(error, sqlite3.OperationalError) and _free(self.layout.root) < _RESERVE:
            return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self.layout.root)
        return CorruptData(f"cannot use the database {database}: {error}; restore or remove it")


def _keep_reserve(root: str) -> None:
    """Have a file that is deleted when the disk is full: SQLite needs some space even to read or to remove rows."""
    path, free = f"{root}/reserve", _free(root)
    if free < _RESERVE:
        with suppress(FileNotFoundError):
            os.unlink(path)
    elif free > _PLENTY and not os.path.exists(path):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, _RESERVE)
        finally:
            os.close(descriptor)


def _free(folder: str) -> int:
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def _is_read_only(folder: str) -> bool:
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def _unwritable(database: str) -> str:
    """Return the URI by which SQLite reads a database on a read-only file system (sqlite.org/wal.html#readonly).

    With a log beside it, the index of that is in memory. Without one SQLite would want to make both.
    """
    way = "mode=ro" if os.path.exists(f"{database}-wal") else "immutable=1"
    return f"file:{database.replace('%', '%25').replace('?', '%3f').replace('#', '%23')}?{way}"


def _make_folders(layout: Layout) -> None:
    if not os.path.isdir(layout.root):
        kernel.require()
    # 0711: image trees hold setuid programs that the host's users must not reach (CVE-2021-41091).
    for path, mode in (
        (layout.root, 0o711),
        (layout.run, 0o711),
        (layout.layers, 0o700),
        (layout.recipes, 0o700),
        (layout.temporary, 0o700),
        (layout.cache, 0o700),
        (layout.locks, 0o700),
        (f"{layout.root}/containers", 0o700),
        (f"{layout.root}/volumes", 0o700),
        (f"{layout.run}/containers", 0o700),
    ):
        if not os.path.isdir(path):
            try:
                os.makedirs(path, exist_ok=True)
            except PermissionError as error:
                raise HostLacks(f"cannot create {path}: run as root (become: true)") from error
            os.chmod(path, mode)
            sync_folder(os.path.dirname(path))
            if path in (layout.temporary, f"{layout.root}/containers"):
                inodeflags.spread_subfolders(path)


def _connect(address: str, path: str, looks: bool) -> sqlite3.Connection:
    db = sqlite3.connect(
        address, timeout=LOCK_PATIENCE, isolation_level=None, check_same_thread=False, uri=address != path
    )
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA synchronous = NORMAL")
    # Nobody keeps the database open, so every command reads the whole log first: it has to stay short.
    db.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
    version = schema.check(db, path)
    if version >= schema.VERSION:
        return db
    if looks:
        return _upgraded_copy(db)
    if version == 0:
        os.chmod(path, 0o600)
        db.execute("PRAGMA journal_mode = WAL")
    schema.upgrade(db, path)
    return db


def _upgraded_copy(db: sqlite3.Connection) -> sqlite3.Connection:
    """Return what an older database holds, in memory and with today's tables: who only looks must not upgrade it."""
    copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    copy.row_factory = sqlite3.Row
    db.backup(copy)
    db.close()
    schema.upgrade(copy, ":memory:")
    return copy


def _flock(descriptor: int, what: str, patience: float, operation: int) -> None:
    deadline = time.monotonic() + patience
    pause = 0.001
    while True:
        try:
            return fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                holder = os.pread(descriptor, 10, 0).decode().strip()
                raise Busy(f"{what} is busy: process {holder} holds it; wait for it or end it") from None
        time.sleep(pause)
        pause = min(pause * 2, 0.05)


def sync_folder(path: str) -> None:
    """Wait until the names in a folder are on the disk (fsync(2)): what was made, renamed or removed there stays so."""
    _synced(path, os.fsync)


def _synced(path: str, call: Callable[[int], None]) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        call(descriptor)
    finally:
        os.close(descriptor)


def write_file(path: str, data: bytes, mode: int = 0o600, durable: bool = False) -> None:
    """Replace a file of ours atomically: readers see the old or the new content.

    With `durable` that holds after a power cut too, for the price of waiting for the disk; what the next start writes
    anew has no need of it.
    """
    temporary = f"{path}.{os.getpid()}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        with open(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)  # whatever the caller's umask is
            file.write(data)
            if durable:
                file.flush()
                os.fdatasync(descriptor)
        os.rename(temporary, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(temporary)
        raise OSError(error.errno, error.strerror, path) from error
