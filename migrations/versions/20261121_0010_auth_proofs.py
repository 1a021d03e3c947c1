"""Fresh proofs, app passwords, PINs, lost passwords, pictures and the steps of the first-run setup."""

import sqlalchemy as sa
from advanced_alchemy.types import DateTimeUTC, JsonB
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = DateTimeUTC(timezone=True)
DIGEST = sa.LargeBinary(32)


def upgrade() -> None:
    op.add_column("session", sa.Column("proved_at", INSTANT, nullable=True))
    op.add_column("user_account", sa.Column("avatar_tag", sa.String(16), nullable=True))
    op.add_column("setup", sa.Column("steps", JsonB, nullable=False, server_default="[]"))
    op.create_table(
        "app_password",
        sa.Column("id", KEY, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("scopes", JsonB, nullable=False),
        sa.Column("digest", DIGEST, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("last_used_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_app_password"),
        sa.UniqueConstraint("digest", name="uq_app_password_digest"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_app_password_user_id", "app_password", ["user_id"])
    op.create_table(
        "pin",
        sa.Column("id", KEY, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("pin_hash", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pin"),
        sa.UniqueConstraint("user_id", name="uq_pin_user_id"),
    )
    op.create_table(
        "password_reset",
        sa.Column("id", KEY, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", DIGEST, nullable=False),
        sa.Column("mark", sa.String(16), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_password_reset"),
        sa.UniqueConstraint("user_id", name="uq_password_reset_user_id"),
        sa.UniqueConstraint("digest", name="uq_password_reset_digest"),
    )
    op.create_index("ix_password_reset_expires_at", "password_reset", ["expires_at"])
    op.create_table(
        "avatar",
        sa.Column("id", KEY, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(16), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_avatar"),
        sa.UniqueConstraint("user_id", name="uq_avatar_user_id"),
    )


def downgrade() -> None:
    for table in ("avatar", "password_reset", "pin", "app_password"):
        op.drop_table(table)
    for table, column in (("setup", "steps"), ("user_account", "avatar_tag"), ("session", "proved_at")):
        op.drop_column(table, column)
