"""What signing in contributes to the application."""

from collections.abc import Mapping
from typing import Any

from balu.identity.auth.apikey_controller import ApiKeyController
from balu.identity.auth.app_password_controller import AppPasswordController
from balu.identity.auth.authenticator import IdentityAuthenticator
from balu.identity.auth.controller import AuthController, BootstrapController
from balu.identity.auth.factor_controller import SecondFactorController
from balu.identity.auth.jobs import LISTENERS, session_purge
from balu.identity.auth.keys import Keys, load_keys
from balu.identity.auth.pin_controller import PinController
from balu.identity.auth.reset_controller import ResetController
from balu.identity.auth.resets import mail_password_reset
from balu.identity.auth.service import delete_account
from balu.identity.auth.settings import AuthSettings
from balu.kernel.caller import Authenticator
from balu.kernel.config import Config
from balu.kernel.domain import Domain


def parts(config: Config) -> Mapping[type, Any]:
    """The installation's keys and the authenticator that uses them."""
    keys = load_keys(config.data_dir)
    return {Keys: keys, Authenticator: IdentityAuthenticator(keys)}


AUTH = Domain(
    name="auth",
    controllers=(
        AuthController,
        SecondFactorController,
        PinController,
        ResetController,
        AppPasswordController,
        ApiKeyController,
        BootstrapController,
    ),
    jobs=(session_purge, delete_account, mail_password_reset),
    listeners=LISTENERS,
    settings=AuthSettings,
    parts=parts,
    secret_paths=("/reset", "/api/auth/password-reset"),
)
