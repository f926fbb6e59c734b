"""Writes a new revision from what the tables have that the newest revision has not."""

import sys

from alembic import command

from config.migrations import configuration, head, upgrade
from config.migrations.tables import all_tables
from cti.database import connect

all_tables()
engine = connect("sqlite://")
number = f"{int(head()) + 1:04d}"
upgrade(engine)
with engine.connect() as connection:
    command.revision(configuration(connection), sys.argv[1], autogenerate=True, rev_id=number)
