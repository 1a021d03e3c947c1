"""What uploads contribute to the application."""

from balu.kernel.domain import Domain
from balu.storage.uploads.form import FORM
from balu.storage.uploads.raw import CONTENT

UPLOADS = Domain(name="uploads", raw=(CONTENT, FORM))
