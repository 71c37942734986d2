"""The one table of roles 角色与权限: what each kind of caller may do. Whatever is not in it is refused.

An operation names one permission; a permission names the roles that hold it. Permission names are stable and are never
reused for something else.
"""

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """Kinds of callers. A person may hold several of the roles that sign in."""

    PUBLIC = "public"
    APPLICANT = "applicant"
    RESIDENT = "resident"
    CLERK = "clerk"
    CASE_OFFICER = "case-officer"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    PARTNER = "partner"
    PARTNER_TEST = "partner-test"
    SOURCE = "source"


SIGNING_ROLES = frozenset({Role.PARTNER, Role.PARTNER_TEST, Role.SOURCE})


class Permission(StrEnum):
    """What an operation allows."""

    PUBLIC_READ = "public.read"
    SIGN_IN = "public.sign-in"
    SESSION_OWN = "session.own"
    IDENTITY_PROVE = "identity.prove"
    SELF_READ = "self.read"
    SELF_CONSENT = "self.consent"
    SELF_LEAVE = "self.leave"
    SELF_RECORDS = "self.records"
    SELF_SHOW_CODE = "self.show-code"
    SELF_DEVICES = "self.devices"
    SELF_OBJECT = "self.object"
    SELF_COMMIT = "self.commit"
    SELF_ORDERS = "self.orders"
    SELF_REVIEW = "self.review"
    SELF_COMPLAIN = "self.complain"
    SELF_WORK = "self.work"
    ENTERPRISE_REGISTER = "enterprise.register"
    ENTERPRISE_ACT = "enterprise.act"
    TILL_USE = "till.use"
    OBJECTIONS_HANDLE = "objections.handle"
    RISK_CASES = "risk.cases"
    COMMITMENTS_CHECK = "commitments.check"
    DISPLAYS_DECIDE = "displays.decide"
    RULES_PUBLISH = "rules.publish"
    SUBSIDIES_DECIDE = "subsidies.decide"
    GUARANTEE_DECIDE = "guarantee.decide"
    PAYMENTS_DECIDE = "payments.decide"
    DISPUTES_DECIDE = "disputes.decide"
    PARTNERS_DECIDE = "partners.decide"
    BENEFITS_DECIDE = "benefits.decide"
    REVIEWS_DECIDE = "reviews.decide"
    COMPLAINTS_HANDLE = "complaints.handle"
    REPORTS_READ = "reports.read"
    RECORDS_DELIVER = "records.deliver"
    PARTNER_VERIFY = "partner.verify"
    PARTNER_REDEEM = "partner.redeem"
    PARTNER_ORDERS = "partner.orders"
    PARTNER_KEYS = "partner.keys"
    PARTNER_WEBHOOKS = "partner.webhooks"
    PARTNER_STATEMENTS = "partner.statements"
    PARTNER_REVIEWS = "partner.reviews"
    PARTNER_PREMISES = "partner.premises"
    SANDBOX_USE = "sandbox.use"


_PERSON = frozenset({Role.RESIDENT})
_SIGNED_IN = frozenset({Role.APPLICANT, Role.RESIDENT, Role.CLERK, Role.CASE_OFFICER, Role.OPERATOR, Role.AUDITOR})

ROLES: Mapping[Permission, frozenset[Role]] = {
    Permission.PUBLIC_READ: frozenset({Role.PUBLIC}),
    Permission.SIGN_IN: frozenset({Role.PUBLIC}),
    Permission.SESSION_OWN: _SIGNED_IN,
    Permission.IDENTITY_PROVE: frozenset({Role.APPLICANT, Role.RESIDENT}),
    Permission.SELF_READ: _PERSON,
    Permission.SELF_CONSENT: _PERSON,
    Permission.SELF_LEAVE: frozenset({Role.APPLICANT, Role.RESIDENT}),
    Permission.SELF_RECORDS: _PERSON,
    Permission.SELF_SHOW_CODE: _PERSON,
    Permission.SELF_DEVICES: _PERSON,
    Permission.SELF_OBJECT: _PERSON,
    Permission.SELF_COMMIT: _PERSON,
    Permission.SELF_ORDERS: _PERSON,
    Permission.SELF_REVIEW: _PERSON,
    Permission.SELF_COMPLAIN: _PERSON,
    Permission.SELF_WORK: _PERSON,
    Permission.ENTERPRISE_REGISTER: _PERSON,
    Permission.ENTERPRISE_ACT: _PERSON,
    Permission.TILL_USE: frozenset({Role.CLERK}),
    Permission.OBJECTIONS_HANDLE: frozenset({Role.CASE_OFFICER}),
    Permission.RISK_CASES: frozenset({Role.CASE_OFFICER}),
    Permission.COMMITMENTS_CHECK: frozenset({Role.CASE_OFFICER}),
    Permission.DISPLAYS_DECIDE: frozenset({Role.CASE_OFFICER}),
    Permission.RULES_PUBLISH: frozenset({Role.OPERATOR}),
    Permission.SUBSIDIES_DECIDE: frozenset({Role.OPERATOR}),
    Permission.GUARANTEE_DECIDE: frozenset({Role.OPERATOR}),
    Permission.PAYMENTS_DECIDE: frozenset({Role.OPERATOR}),
    Permission.DISPUTES_DECIDE: frozenset({Role.CASE_OFFICER}),
    Permission.PARTNERS_DECIDE: frozenset({Role.OPERATOR}),
    Permission.BENEFITS_DECIDE: frozenset({Role.OPERATOR}),
    # Not those who let partners in: whoever chose a partner does not judge it.
    Permission.REVIEWS_DECIDE: frozenset({Role.CASE_OFFICER}),
    Permission.COMPLAINTS_HANDLE: frozenset({Role.CASE_OFFICER}),
    Permission.REPORTS_READ: frozenset({Role.OPERATOR, Role.AUDITOR}),
    Permission.RECORDS_DELIVER: frozenset({Role.SOURCE}),
    Permission.PARTNER_VERIFY: frozenset({Role.PARTNER}),
    Permission.PARTNER_REDEEM: frozenset({Role.PARTNER}),
    Permission.PARTNER_ORDERS: frozenset({Role.PARTNER}),
    Permission.PARTNER_KEYS: frozenset({Role.PARTNER}),
    Permission.PARTNER_STATEMENTS: frozenset({Role.PARTNER}),
    Permission.PARTNER_REVIEWS: frozenset({Role.PARTNER}),
    Permission.PARTNER_PREMISES: frozenset({Role.PARTNER}),
    # Each key sees the addresses of its own owner; the owner of a test key is the partner's sandbox.
    Permission.PARTNER_WEBHOOKS: frozenset({Role.PARTNER, Role.PARTNER_TEST}),
    Permission.SANDBOX_USE: frozenset({Role.PARTNER_TEST}),
}


def allows(permission: Permission, roles: frozenset[Role]) -> bool:
    """Whether one of `roles` holds `permission`; everybody holds what PUBLIC holds."""
    holders = ROLES.get(permission, frozenset())
    return Role.PUBLIC in holders or bool(holders & roles)


def is_public(permission: Permission) -> bool:
    """Whether no sign-in and no signature is needed."""
    return Role.PUBLIC in ROLES.get(permission, frozenset())


def is_signed(permission: Permission) -> bool:
    """Whether the caller proves itself by an HTTP message signature (RFC 9421) and not by an access token."""
    return bool(ROLES.get(permission, frozenset()) & SIGNING_ROLES)
