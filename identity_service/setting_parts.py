"""The objects of a process that are built from settings alone."""

from datetime import timedelta
from urllib.parse import urlsplit

from identity_service.keys.schedule import Schedule
from identity_service.keys.sealing import Sealer
from identity_service.password_settings import BreachPolicy
from identity_service.sessions.values import Lifetimes
from identity_service.settings import Settings
from identity_service.sign_ons.values import SignOnLifetimes
from identity_service.users.breached import BreachedPasswords
from identity_service.users.passwords import Passwords
from identity_service.users.strength import parts_of


def lifetimes_of(settings: Settings) -> Lifetimes:
    return Lifetimes(
        access=timedelta(seconds=settings.access_token_seconds),
        refresh=timedelta(seconds=settings.refresh_token_seconds),
        session=timedelta(seconds=settings.session_seconds),
        retry=timedelta(seconds=settings.refresh_retry_seconds),
        sign_on=SignOnLifetimes(
            idle=timedelta(seconds=settings.sign_on_idle_seconds), longest=timedelta(seconds=settings.sign_on_seconds)
        ),
    )


def schedule_of(settings: Settings, lifetimes: Lifetimes) -> Schedule:
    return Schedule(
        signing=timedelta(seconds=settings.signing_key_seconds),
        jwks_max_age=timedelta(seconds=settings.jwks_max_age_seconds),
        longest_token=max(lifetimes.access, lifetimes.refresh),
        check_seconds=settings.key_check_seconds,
    )


def sealer_of(settings: Settings) -> Sealer:
    former = (key.get_secret_value() for key in settings.former_key_encryption_keys)
    return Sealer(settings.key_encryption_key.get_secret_value(), former)


def breached_passwords_of(settings: Settings) -> BreachedPasswords:
    accepts_unchecked = settings.breached_passwords_failure is BreachPolicy.ACCEPT
    return BreachedPasswords(settings.breached_passwords_url, accepts_unchecked=accepts_unchecked)


def passwords_of(settings: Settings, breached: BreachedPasswords) -> Passwords:
    return Passwords(
        threads=settings.hash_threads,
        queue=settings.hash_queue,
        rounds=settings.bcrypt_rounds,
        scheme=settings.password_scheme,
        words=["watchword", *parts_of([urlsplit(settings.issuer).hostname or ""]), *settings.password_words],
        breached=breached,
    )
