"""Handlers of tickets that are older than today's rule of who handles a matter: read off again."""

from alembic import op


revision = '0031'
down_revision = '0030'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE tickets SET handlers = 'null'")


def downgrade() -> None:
    op.execute("UPDATE tickets SET handlers = '[]' WHERE CAST(handlers AS TEXT) = 'null'")
