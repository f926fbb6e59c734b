"""How often customers asked for something on their page, where limits hold through a restart."""

import sqlalchemy as sa
from alembic import op


revision = '0034'
down_revision = '0033'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'portal_quotas',
        sa.Column('place', sa.String(length=64), nullable=False),
        sa.Column('used_up', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('place'),
    )
    op.create_index('ix_portal_quotas_used_up', 'portal_quotas', ['used_up'])


def downgrade() -> None:
    op.drop_table('portal_quotas')
