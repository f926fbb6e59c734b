"""Whatever belongs to a ticket or a message is found by it, and not by reading the whole table."""

from alembic import op


revision = '0036'
down_revision = '0035'
branch_labels = None
depends_on = None

INDEXES = (
    ('ticket_messages_by_number', 'ticket_messages', 'number'),
    ('ticket_notices_by_message', 'ticket_notices', 'message_id'),
    ('ticket_notices_by_outbox', 'ticket_notices', 'outbox_id'),
    ('ticket_readings_by_message', 'ticket_readings', 'message_id'),
    ('ticket_requests_by_number', 'ticket_requests', 'number'),
)


def upgrade() -> None:
    for index, table, column in INDEXES:
        op.create_index(index, table, [column])


def downgrade() -> None:
    for index, table, _ in INDEXES:
        op.drop_index(index, table)
