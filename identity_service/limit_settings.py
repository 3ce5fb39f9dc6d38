"""The settings of limits: how often something that costs may be done."""

from pydantic import Field

from watchword.limits import Quota
from watchword.service import ServiceSettings


class LimitSettings(ServiceSettings):
    """Each is a number and seconds, such as 10/900: all of them at once, and then one more each 90 seconds."""

    limit_sign_in: Quota = Field(
        "10/900",
        description="Sign-ins for an account from one caller's address, or from one browser in which its owner has"
        " signed in before, as number/seconds; a change of password or e-mail address is one too",
    )
    limit_sign_in_account: Quota = Field(
        "100/3600",
        description="Sign-ins for an account from all callers' addresses; those from browsers in which its owner has"
        " signed in before count apart",
    )
    limit_sign_in_address: Quota = Field(
        "60/60", description="Sign-ins from one caller's address, whatever the accounts"
    )
    limit_second_factor: Quota = Field(
        "5/4500",
        description="Wrong codes of a second factor for an account, from all browsers that it does not know, or from"
        " one in which its owner has signed in before; recovery codes count apart from those of an app",
    )
    limit_second_factor_devices: Quota = Field(
        "20/18000",
        description="Wrong codes of a second factor for an account, from all browsers in which its owner has signed in"
        " before; recovery codes count apart from those of an app",
    )
    limit_factor_changes: Quota = Field(
        "30/86400",
        description="Second factors added or replaced, and recovery codes renewed, by the owner of one account: each"
        " sends a letter",
    )
    limit_registration: Quota = Field("10/3600", description="Registrations from one caller's address")
    limit_letters_address: Quota = Field("5/3600", description="Requests for letters from one caller's address")
    limit_letters_account: Quota = Field(
        "3/3600", description="Letters of one kind that are requested for one account; beyond it none is sent"
    )
    limit_authorizations: Quota = Field(
        "300/3600", description="Sign-ins of one account to applications by a redirect, each of which makes a session"
    )
    limit_device_address: Quota = Field(
        "20/600", description="Devices that ask for a session from one caller's address"
    )
    limit_device_client: Quota = Field(
        "1000/600", description="Devices that ask for a session with one client, from all callers' addresses"
    )
    limit_user_code_address: Quota = Field("60/600", description="Codes of devices entered from one caller's address")
    limit_user_code_account: Quota = Field("20/600", description="Codes of devices entered by one account")
