"""Masking 脱敏 of what goes to the public: numbers that people wrote into a free text, and names of shops that are a person's own.

Reg. art. 23: names, identity numbers and phone numbers are never opened; what must be shown is masked.
"""

import re

from backend.platform.identifiers import (
    InvalidIdentifier,
    mask_identity_number,
    mask_mobile_number,
    mask_name,
    normalise_identity_number,
)

_IDENTITY_NUMBER = re.compile(r"(?<![0-9A-Za-z])\d{17}[\dXx](?![0-9A-Za-z])")
_MOBILE_NUMBER = re.compile(r"(?<!\d)1[3-9]\d(?:[ -]?\d{4}){2}(?!\d)")
# GB 32100: 9 is the commercial register, 2 its individual businesses 个体工商户.
_INDIVIDUAL_BUSINESS = "92"
_PERSONAL_NAME = re.compile(r"[\u3400-\u9fff·]{2,4}")
# How the names of small shops end; no given name does.
_TRADES = frozenset("店馆铺厂社部吧坊屋场站所摊档")


def masked_text(text: str) -> str:
    """The text with every identity number and mobile number in it masked. A credit code of 18 digits stays as it is."""
    text = _IDENTITY_NUMBER.sub(_identity_number, text)
    return _MOBILE_NUMBER.sub(lambda found: mask_mobile_number(re.sub(r"[ -]", "", found[0])), text)


def public_name(name: str, credit_code: str) -> str:
    """The name of an organisation as everybody may read it.

    An individual business without a shop's name is registered under its owner's: two to four characters that name no trade
    are taken for a person's and masked.
    """
    if not credit_code.startswith(_INDIVIDUAL_BUSINESS):
        return name
    is_personal = _PERSONAL_NAME.fullmatch(name.strip()) is not None and name.strip()[-1] not in _TRADES
    return mask_name(name) if is_personal else masked_text(name)


def _identity_number(found: re.Match[str]) -> str:
    number = normalise_identity_number(found[0])
    return found[0] if isinstance(number, InvalidIdentifier) else mask_identity_number(found[0])
