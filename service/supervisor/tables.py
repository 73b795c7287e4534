"""The database has this version's tables before anything is started, or a sentence says why it cannot."""

from __future__ import annotations

from alembic.util.exc import CommandError
from sqlalchemy import make_url
from sqlalchemy.exc import DatabaseError, OperationalError

from service.store.database import Database
from service.store.migrate import upgrade
from service.supervisor.home import CannotStart


def migrate(url: str) -> None:
    """Bring the database to the newest schema.

    Raises:
        CannotStart: with what to do.
    """
    database = Database(url)
    try:
        upgrade(database)
    except CommandError as error:
        raise CannotStart(
            f"{_place(url)} was made by a later version of Backsweep ({error}); "
            "start that version, or name another database with BACKSWEEP_DATABASE_URL"
        ) from None
    except OperationalError as error:
        raise CannotStart(
            f"{_place(url)} cannot be used: {_reason(error)}; "
            "see that it is there, answers and can be written to, or name another with BACKSWEEP_DATABASE_URL"
        ) from None
    except DatabaseError as error:
        raise CannotStart(
            f"{_place(url)} is broken or is no database of Backsweep's: {_reason(error)}; "
            "put it aside or restore a backup, or name another with BACKSWEEP_DATABASE_URL"
        ) from None
    finally:
        database.dispose()


def _place(url: str) -> str:
    parts = make_url(url)
    if parts.get_backend_name() == "sqlite":
        return f"the database file {parts.database}"
    return f"the database {parts.database} at {parts.host or 'this machine'}"


def _reason(error: DatabaseError) -> str:
    return " ".join(str(error.orig).split())[:300]
