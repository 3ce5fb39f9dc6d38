"""What the pages refuse."""

from watchword.errors import AppError, BadRequest, Forbidden, Invalid


class ForeignForm(Forbidden):
    """A form counts only if the browser says that a page of ours has sent it."""

    code = "foreign_form"
    detail = "The form was not sent from a page of this site."


class FormMalformed(BadRequest):
    code = "form_malformed"
    detail = "The form could not be read."


class ConfirmationWrong(Invalid):
    """What was typed to confirm is something else."""

    code = "confirmation_wrong"
    detail = "This is not your username."


class ThemeRefused(AppError):
    """The folder of a team's own pages has something that could not take effect."""

    code = "theme_refused"
