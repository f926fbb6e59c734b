"""Which server calls a customer with a reply."""

import sqlalchemy as sa
from alembic import op


revision = '0033'
down_revision = '0032'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ticket_reply_calls", sa.Column("server", sa.String(32), nullable=True))


def downgrade() -> None:
    op.drop_column("ticket_reply_calls", "server")
