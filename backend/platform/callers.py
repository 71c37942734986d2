"""Who is calling: a signed-in person, or an institution that signs its requests."""

from uuid import UUID

import msgspec

from backend.platform.access import Access, ActorKind, Ground
from backend.platform.problems import NOT_ALLOWED
from backend.platform.roles import Role


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """A signed-in person. `subject_id` is present once name and identity number are proven."""

    account_id: UUID
    session_id: UUID
    roles: frozenset[Role]
    subject_id: UUID | None
    request_id: str

    def proven_subject(self) -> UUID:
        """The caller's subject. Raises NOT_ALLOWED for an account whose identity is not proven."""
        if self.subject_id is None:
            raise NOT_ALLOWED.error()
        return self.subject_id

    def access(self, action: str, *fields: str) -> Access:
        """The context in which a person reads their own data."""
        return Access(
            actor_kind=ActorKind.SELF,
            actor=str(self.account_id),
            actor_name="本人",
            action=action,
            purpose="本人查询与办理",
            ground=Ground.OWN_REQUEST,
            fields=fields,
            subject=self.subject_id,
            request_id=self.request_id,
        )

    def staff_access(self, action: str, purpose: str, *fields: str) -> Access:
        """The context in which a member of staff reads somebody's data; the rows say whose."""
        return Access(
            actor_kind=ActorKind.STAFF,
            actor=str(self.account_id),
            actor_name="信用主管部门工作人员",
            action=action,
            purpose=purpose,
            ground=Ground.LEGAL_DUTY,
            fields=fields,
            request_id=self.request_id,
        )


class Signer(msgspec.Struct, frozen=True, kw_only=True):
    """An institution whose signature on the request was verified: a partner or a source."""

    role: Role
    owner_id: UUID
    key_id: str
    request_id: str


def system_access(job: str, action: str, purpose: str, ground: Ground, *fields: str) -> Access:
    """The context in which the system itself reads, for example to compute a score that the person consented to."""
    return Access(
        actor_kind=ActorKind.SYSTEM,
        actor=job,
        actor_name="信易系统",
        action=action,
        purpose=purpose,
        ground=ground,
        fields=fields,
    )
