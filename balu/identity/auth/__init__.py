"""Signing in: passwords, sessions, second factors, API tokens, and the keys behind them."""

from balu.identity.auth.app_passwords import AppPasswordService
from balu.identity.auth.controller import client_of
from balu.identity.auth.cookies import check_own_page, set_cookies
from balu.identity.auth.errors import PausedError, SignInError
from balu.identity.auth.keys import Keys, load_keys
from balu.identity.auth.service import AuthService, Pending, SignedIn
from balu.identity.auth.sessions import Client, SessionService
from balu.identity.auth.settings import AuthSettings
from balu.identity.auth.tokens import Tokens

__all__ = [
    "AppPasswordService",
    "AuthService",
    "AuthSettings",
    "Client",
    "Keys",
    "PausedError",
    "Pending",
    "SessionService",
    "SignInError",
    "SignedIn",
    "Tokens",
    "check_own_page",
    "client_of",
    "load_keys",
    "set_cookies",
]
