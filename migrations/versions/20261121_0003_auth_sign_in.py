"""Sessions, refresh tokens, second factors, API tokens and counted attempts."""

import sqlalchemy as sa
from advanced_alchemy.types import DateTimeUTC, JsonB
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = DateTimeUTC(timezone=True)
DIGEST = sa.LargeBinary(32)


def upgrade() -> None:
    op.create_table(
        "session",
        sa.Column("id", KEY, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("cookie_digest", DIGEST, nullable=True),
        sa.Column("device_info", sa.String(200), nullable=False),
        sa.Column("ip", sa.String(64), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_session"),
        sa.UniqueConstraint("cookie_digest", name="uq_session_cookie_digest"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_session_user_id", "session", ["user_id"])
    op.create_index("ix_session_expires_at", "session", ["expires_at"])
    op.create_table(
        "refresh_token",
        sa.Column("id", KEY, nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", DIGEST, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_refresh_token"),
        sa.UniqueConstraint("digest", name="uq_refresh_token_digest"),
    )
    op.create_index("ix_refresh_token_session_id", "refresh_token", ["session_id"])
    op.create_table(
        "totp",
        sa.Column("id", KEY, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("enabled_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_totp"),
        sa.UniqueConstraint("user_id", name="uq_totp_user_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", KEY, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", DIGEST, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_code"),
        sa.UniqueConstraint("digest", name="uq_recovery_code_digest"),
    )
    op.create_index("ix_recovery_code_user_id", "recovery_code", ["user_id"])
    op.create_table(
        "api_key",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("scopes", JsonB, nullable=False),
        sa.Column("digest", DIGEST, nullable=False),
        sa.Column("hint", sa.String(16), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("last_used_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_key"),
        sa.UniqueConstraint("digest", name="uq_api_key_digest"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_api_key_user_id", "api_key", ["user_id"])
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", KEY, nullable=False),
        sa.Column("digest", DIGEST, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_attempt"),
        sa.UniqueConstraint("digest", name="uq_sign_in_attempt_digest"),
    )
    op.create_index("ix_sign_in_attempt_until", "sign_in_attempt", ["until"])
    op.create_table(
        "setup",
        sa.Column("id", KEY, nullable=False),
        sa.Column("digest", DIGEST, nullable=True),
        sa.Column("claimed_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_setup"),
    )


def downgrade() -> None:
    for table in ("setup", "sign_in_attempt", "api_key", "recovery_code", "totp", "refresh_token", "session"):
        op.drop_table(table)
