"""What Balu writes to people by mail, in their language."""

from balu.identity.users import Language, UserRow

SUBJECTS = {"en": "Reset your Balu password", "de": "Balu-Passwort zurücksetzen"}
TEXTS = {
    "en": """Hello {name},

somebody, hopefully you, wants to set a new password for your account. To do so, open:

{link}

The link works once, within 30 minutes. If it was not you, do nothing: your password stays.
""",
    "de": """Hallo {name},

jemand, hoffentlich du, möchte ein neues Passwort für dein Konto festlegen. Öffne dazu:

{link}

Der Link funktioniert einmal und 30 Minuten lang. Wenn du das nicht warst, ist nichts zu tun:
Dein Passwort bleibt, wie es ist.
""",
}


def reset_message(user: UserRow, link: str, language: Language) -> tuple[str, str]:
    """Subject and text of the mail with the link that sets a new password.

    *language* is for accounts that chose none.
    """
    spoken = user.language if user.language in TEXTS else language
    return SUBJECTS[spoken], TEXTS[spoken].format(name=user.username, link=link)
