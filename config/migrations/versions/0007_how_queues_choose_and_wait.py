"""How queues choose agents, and how callers wait in them."""

import sqlalchemy as sa
from alembic import op


revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

QUEUE = sa.table(
    'queue',
    sa.column('id', sa.String),
    sa.column('skill', sa.String),
    sa.column('announce_every', sa.Double),
    sa.column('rules', sa.JSON),
    sa.column('waiting', sa.JSON),
)


def upgrade() -> None:
    with op.batch_alter_table('queue', schema=None) as batch_op:
        batch_op.add_column(sa.Column('rules', sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column('waiting', sa.JSON(), nullable=True))
    connection = op.get_bind()
    for row in connection.execute(sa.select(QUEUE)).all():
        rules, waiting = {'demand': row.skill}, {'every': row.announce_every}
        changed = QUEUE.update().where(QUEUE.c.id == row.id)
        connection.execute(changed.values(rules=rules, waiting=waiting))
    with op.batch_alter_table('queue', schema=None) as batch_op:
        batch_op.alter_column('rules', existing_type=sa.JSON(), nullable=False)
        batch_op.alter_column('waiting', existing_type=sa.JSON(), nullable=False)
        batch_op.drop_column('skill')
        batch_op.drop_column('announce_every')


def downgrade() -> None:
    with op.batch_alter_table('queue', schema=None) as batch_op:
        batch_op.add_column(sa.Column('skill', sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column('announce_every', sa.Double(), nullable=True))
    connection = op.get_bind()
    for row in connection.execute(sa.select(QUEUE)).all():
        word = ''.join(letter if letter.isalnum() else ' ' for letter in row.rules['demand'])
        changed = QUEUE.update().where(QUEUE.c.id == row.id)
        every = row.waiting.get('every', 30.0)
        connection.execute(changed.values(skill=word.split()[0], announce_every=every))
    with op.batch_alter_table('queue', schema=None) as batch_op:
        batch_op.alter_column('skill', existing_type=sa.String(length=40), nullable=False)
        batch_op.alter_column('announce_every', existing_type=sa.Double(), nullable=False)
        batch_op.drop_column('waiting')
        batch_op.drop_column('rules')
