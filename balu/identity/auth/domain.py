"""What signing in contributes to the application."""

from collections.abc import Mapping
from typing import Any

from balu.identity.auth.apikey_controller import ApiKeyController
from balu.identity.auth.authenticator import IdentityAuthenticator
from balu.identity.auth.controller import AuthController, BootstrapController
from balu.identity.auth.factor_controller import SecondFactorController
from balu.identity.auth.jobs import LISTENERS, session_purge
from balu.identity.auth.keys import Keys, load_keys
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
    controllers=(AuthController, SecondFactorController, ApiKeyController, BootstrapController),
    jobs=(session_purge,),
    listeners=LISTENERS,
    settings=AuthSettings,
    parts=parts,
)
