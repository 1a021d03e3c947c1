"""The Python face of the client: put, get, list."""

import stat
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from balu.client import credentials as saved
from balu.client.credentials import Credentials
from balu.client.download import Download, EmptyFolder, Unfetched, Wanted
from balu.client.errors import LocalFileError, ServerError
from balu.client.local import files_of, is_folder, status
from balu.client.remote import Entry, Gap, listed, looked_up, normal, walked
from balu.client.report import Quiet, Report, Watcher
from balu.client.session import Session
from balu.client.upload import Upload

OnConflict = Literal["fail", "rename", "replace"]
JOBS = 4


class Client:
    """One user's files on one server. A context manager; may be used by several threads."""

    def __init__(self, url: str, token: str = "", *, session: Session | None = None) -> None:
        """*token*: an API token, or an access token that is still good; *session* instead of both."""
        self._session = session or Session(Credentials(url=url.rstrip("/"), access_token=token))

    @classmethod
    def saved(cls) -> Self:
        """Whoever signed in with ``balu login``.

        Raises:
            NotSignedInError: nobody did.
        """
        session = Session(saved.load(), keep=True)
        return cls(session.credentials.url, session=session)

    @classmethod
    def login(cls, url: str, username: str, password: str, code: Callable[[], str] = str) -> Self:
        """Sign in; *code* is asked for where a second factor is on. Nothing is saved; see ``remember``.

        Raises:
            ServerError: refused.
            UnreachableError: no such server.
        """
        session = Session(Credentials(url=url.rstrip("/")), tries=3)
        session.sign_in(username, password, code)
        return cls(url, session=session)

    def remember(self) -> None:
        """Make this user the one of ``saved``."""
        saved.save(self._session.credentials)

    @property
    def username(self) -> str:
        """Who is signed in; empty for a token."""
        return self._session.credentials.username

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def list(self, path: str = "") -> list[Entry]:
        """The entries of a folder, or the file itself.

        Raises:
            ServerError: 404 when nothing is there.
        """
        try:
            return listed(self._session, path)
        except ServerError as error:
            entry = looked_up(self._session, path) if normal(path) else None
            if entry is None or entry.type == "directory":
                raise error from None
            return [entry]

    def put(
        self, sources: Iterable[Path | str], remote: str = "", *, on_conflict: OnConflict = "replace",
        jobs: int = JOBS, watcher: Watcher | None = None,
    ) -> Report:  # fmt: skip
        """Send files and folders; what the server has already is not sent again.

        What cannot be read or is refused is in the report, and everything else goes on. Links and special
        files below folders are skipped.

        They go into the folder *remote*, which is made when it is missing; a single file may also get
        *remote* as its name, when no folder has that name and it does not end with a slash.

        Raises:
            LocalFileError: a source is missing; nothing was sent.
        """
        folder = normal(remote)
        paths = [Path(source) for source in sources]
        run = Upload(self._session, watcher or Quiet(), on_conflict=on_conflict, jobs=jobs)
        # A folder always goes below its own name, so that a second run finds what the first one sent.
        into = [stat.S_ISDIR(status(path).st_mode) for path in paths] != [False]
        into = into or not folder or remote.endswith("/") or self._is_folder(folder)
        return run.run(files_of(paths, folder, into=into))

    def get(
        self, remotes: Iterable[str], local: Path | str = ".", *, jobs: int = JOBS,
        watcher: Watcher | None = None,
    ) -> Report:  # fmt: skip
        """Fetch files and folders; what is here already is not fetched again.

        What the server does not hand out, as a locked vault, is in the report, and everything else goes on.

        They go into the folder *local*; a single file may also get *local* as its name, when no folder
        has that name and it does not end with a slash.

        Raises:
            ServerError: 404 when one of them is not there; nothing was fetched.
        """
        names, target = list(remotes), Path(local)
        is_there = is_folder(target)
        into = len(names) != 1 or is_there is True or str(local).endswith("/")
        if len(names) > 1 and is_there is False:
            raise LocalFileError(f"{target} is not a folder.")
        wanted = [one for name in names for one in self._wanted(name, target, into=into)]
        return Download(self._session, watcher or Quiet(), jobs=jobs).run(wanted)

    def _is_folder(self, remote: str) -> bool:
        entry = looked_up(self._session, remote)
        return entry is not None and entry.type == "directory"

    def _wanted(
        self, remote: str, target: Path, *, into: bool
    ) -> Generator[Wanted | EmptyFolder | Unfetched, None, None]:
        path = normal(remote)
        entry = looked_up(self._session, path) if path else None
        if path and entry is None:
            raise ServerError(404, "not-found", f"There is no file or folder {remote!r} on the server.")
        if entry is not None and entry.type == "file":
            yield Wanted(entry, target / entry.name if into else target)
            return
        # A folder always goes below its own name, so that a second run finds what the first one fetched.
        top = target / entry.name if entry is not None else target
        for relative, below in walked(self._session, path):
            here = top / relative
            if below is None:
                yield EmptyFolder(here)
            else:
                yield Unfetched(here, below.why) if isinstance(below, Gap) else Wanted(below, here)
