"""The one table that translates this service's errors into those of RFC 6749."""

import pytest

from identity_service import errors
from identity_service.oauth.errors import TRANSLATIONS, translate
from watchword.errors import AppError, Unavailable

TRANSLATED: list[tuple[AppError, str, int]] = [
    (errors.ClientNotAuthenticated("why"), "invalid_client", 401),
    (errors.GrantTypeNotAllowed("why"), "unauthorized_client", 400),
    (errors.ScopeNotAllowed("why"), "invalid_scope", 400),
    (errors.AudienceNotAllowed("why"), "invalid_target", 400),
    (errors.NoAudience("why"), "invalid_target", 400),
    (errors.NoDefaultAudience("why"), "invalid_target", 400),
    (errors.TokenTooLarge("why"), "invalid_scope", 400),
    (errors.InvalidCredentials("why"), "invalid_grant", 400),
    (errors.AccountDisabled("why"), "invalid_grant", 400),
    (errors.AccountChanged("why"), "invalid_grant", 400),
    (errors.PasswordMustChange("why"), "invalid_grant", 400),
    (errors.PasswordNotEnough("why"), "invalid_grant", 400),
    (errors.RefreshTokenRefused("why"), "invalid_grant", 400),
    (errors.CodeRefused("why"), "invalid_grant", 400),
    (errors.DeviceCodeRefused("why"), "invalid_grant", 400),
    (errors.DeviceCodeExpired("why"), "expired_token", 400),
    (errors.DeviceDenied("why"), "access_denied", 400),
    (errors.DeviceUndecided("why"), "authorization_pending", 400),
    (errors.PolledTooSoon("why"), "slow_down", 400),
]
NOT_TRANSLATED: list[AppError] = [errors.HashingBusy(), errors.NoSigningKey(), errors.SessionEnded(), Unavailable()]


@pytest.mark.parametrize(("error", "code", "status"), TRANSLATED, ids=[type(row[0]).__name__ for row in TRANSLATED])
def test_error_is_translated_and_its_reason_is_for_the_log_alone(error: AppError, code: str, status: int) -> None:
    translation = translate(error)
    assert translation is not None
    assert (translation.error, translation.status, translation.reason) == (code, status, "why")
    assert "why" not in translation.description


@pytest.mark.parametrize("error", NOT_TRANSLATED, ids=[type(error).__name__ for error in NOT_TRANSLATED])
def test_other_errors_stay_problem_documents(error: AppError) -> None:
    assert translate(error) is None


def test_every_translation_is_tried_above() -> None:
    assert TRANSLATIONS.keys() <= {type(error) for error, _, _ in TRANSLATED}
