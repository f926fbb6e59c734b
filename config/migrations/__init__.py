"""The schema's history: brings a database to the newest revision at the start.

Alembic takes half a second to import, so it is asked only when the database is behind. A new
revision: change the tables, then ``python -m config.migrations "What changes"``, and read what it
wrote.
"""

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, inspect, text

FOLDER = Path(__file__).parent
VERSIONS = FOLDER / "versions"


def head() -> str:
    """The newest revision: files are named ``<number>_<words>.py``, numbers rise."""
    return max((path.stem.partition("_")[0] for path in VERSIONS.glob("[0-9]*_*.py")), default="0")


def current(engine: Engine) -> str | None:
    """The database's revision; None for an empty one."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return str(found) if found else None


def upgrade(engine: Engine) -> bool:
    """Bring the database to the newest revision; False when it was there already."""
    if current(engine) == head():
        return False
    from alembic import command

    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":  # what changes tables waits for whoever reads them
            connection.execute(text("SET LOCAL lock_timeout = 0"))
        command.upgrade(configuration(connection), "head")
        connection.commit()
    return True


def configuration(connection: Any = None) -> Any:
    """Alembic's configuration, without a file of its own."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config
