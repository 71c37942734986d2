"""The phones of a day's residents: tickets drawn in batches, a key where one is registered, passes for shops without a network."""

import hashlib
from datetime import datetime
from uuid import UUID, uuid5

from backend.city.generator import City
from backend.city.people import Resident
from backend.codes import service as codes
from backend.counters import service as counters
from backend.counters.messages import CounterUseOrder
from backend.deposits import service as deposits
from backend.devices import service as devices
from backend.devices.messages import NewDevice
from backend.identity import service as identity
from backend.market import service as market
from backend.market.messages import Confirmation
from backend.passes import issuing
from backend.passes import service as passes
from backend.passes.messages import PassKey, PassOrder
from backend.platform.callers import Caller
from backend.platform.platform import Platform
from backend.platform.roles import Role
from backend.subjects import service as subjects
from backend.subjects.service import Identifier, SubjectKind
from partners import base64url
from partners.codes import ic1, ic3
from partners.codes.ic1 import Scene, Ticket
from partners.signatures.suites import low_s, suite

# As many as most residents show on a day: a batch is a transaction.
_TICKETS = 12
_NAMES = UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
_PHONE = suite("intl").holder


class Phone:
    """One resident's phone. A resident is in one place at a time, so it is asked one thing at a time."""

    def __init__(self, platform: Platform, caller: Caller, secret: bytes) -> None:
        self.caller = caller
        self._platform = platform
        self._secret = secret
        self._tickets: list[Ticket] = []
        self._last = Ticket(b"", b"", 0)
        self._device: UUID | None = None
        self._keys = 0

    async def code(self, scene: Scene, at: datetime) -> str:
        """A code over a fresh ticket as it is shown at an instant. Raises CONSENT_MISSING."""
        if not self._tickets:
            batch = await codes.fetch_tickets(self._platform, self.caller, _TICKETS)
            self._tickets = [
                Ticket(base64url.decode(each.tid), base64url.decode(each.k), each.slot) for each in batch.tickets
            ]
        self._last = self._tickets.pop()
        return ic1.encode(self._last, scene, int(at.timestamp()))

    async def forged_code(self, scene: Scene, at: datetime) -> str:
        """A code whose ticket is real and whose key is not. Raises CONSENT_MISSING."""
        await self.code(scene, at)
        ticket = Ticket(self._last.ticket_id, bytes(len(self._last.key)), self._last.slot)
        return ic1.encode(ticket, scene, int(at.timestamp()))

    async def agree(self, order_id: UUID) -> None:
        """Agrees to an order under contract. Raises what `deposits.agree` raises."""
        await deposits.agree(self._platform, self.caller, order_id)

    async def revoke(self, order_id: UUID) -> None:
        """Takes back an order that was not begun. Raises what `deposits.revoke_by_holder` raises."""
        await deposits.revoke_by_holder(self._platform, self.caller, order_id)

    async def refuse(self, verification_id: UUID) -> None:
        """Says no to a question."""
        await market.refuse(self._platform, self.caller, verification_id)

    async def register(self) -> UUID:
        """The id of the phone, registered the first time it is needed."""
        if self._device is None:
            key, created = base64url.encode(_PHONE.public(self._secret)), int(self._platform.clock.now().timestamp())
            message = devices.registration_message(
                self._platform.settings.external_url, self.caller.account_id, created, key
            )
            new = NewDevice(name="手机", public_key=key, created=created, signature=self._signed(message))
            self._device = (await devices.register(self._platform, self.caller, new)).id
        return self._device

    async def confirm(
        self, verification_id: UUID, partner_id: UUID, benefit: str, version: int, amount: int | None
    ) -> None:
        """Signs the yes to a question. Raises what `market.confirm` raises."""
        device_id = await self.register()
        message = market.confirmation_message(
            self._platform.settings.external_url, verification_id, partner_id, benefit, version, amount
        )
        await market.confirm(
            self._platform, self.caller, verification_id, Confirmation(device_id, self._signed(message))
        )

    async def use_sign(self, token: str, benefit: str, version: int, visit: str) -> str | None:
        """Asks to be served at a printed sign; gives the digits that the shop sees too, or None if the answer is no.

        Raises what `counters.use` raises.
        """
        device_id, created = await self.register(), int(self._platform.clock.now().timestamp())
        use = uuid5(_NAMES, f"{self.caller.account_id}/{visit}")
        message = counters.use_message(self._platform.settings.external_url, use, token, benefit, version, created)
        order = CounterUseOrder(use, token, version, created, device_id, self._signed(message))
        return (await counters.use(self._platform, self.caller, order)).shown_as

    async def fetch_pass(self, benefit: str, at: datetime) -> str | None:
        """The code of a fresh pass as it is shown at an instant; None if there is none for this person now."""
        device_id = await self.register()
        self._keys += 1
        secret = hashlib.sha256(self._secret + self._keys.to_bytes(4, "big")).digest()
        key = base64url.encode(_PHONE.public(secret))
        signature = self._signed(issuing.key_message(device_id, benefit, key))
        issued = await passes.issue(
            self._platform, self.caller, PassOrder(benefit, device_id, [PassKey(key, signature)])
        )
        if not issued.passes:
            return None
        attestation = base64url.decode(issued.passes[0].attestation)
        proof = ic3.prove(attestation, suite("intl"), _PHONE.signer(secret), int(at.timestamp()))
        return ic3.encode(attestation, proof)

    def _signed(self, message: bytes) -> str:
        return base64url.encode(low_s(_PHONE.signer(self._secret).sign(message)))


class Phones:
    """The phones of everybody who goes out on a day, each found the first time it is needed."""

    def __init__(self, platform: Platform, city: City, day: str) -> None:
        self._platform = platform
        self._city = city
        self._day = day
        self._phones: dict[int, Phone] = {}

    async def bring(self, indexes: list[int]) -> None:
        """Finds the accounts of residents: one round trip for each that was not seen before, two for all."""
        wanted = sorted(set(indexes) - self._phones.keys())
        if not wanted:
            return
        residents = [self._city.resident(index) for index in wanted]
        async with self._platform.database.transaction() as connection:
            numbers = [Identifier(SubjectKind.PERSON, each.identity_number) for each in residents]
            subject_ids = await subjects.find_or_create(self._platform, connection, numbers)
            for resident, subject_id in zip(residents, subject_ids, strict=True):
                account_id = await identity.register_phone(self._platform, connection, resident.mobile)
                self._phones[resident.index] = self._phone(resident, account_id, subject_id)

    def of(self, index: int) -> Phone:
        """The phone of a resident who was brought."""
        return self._phones[index]

    def _phone(self, resident: Resident, account_id: UUID, subject_id: UUID) -> Phone:
        caller = Caller(
            account_id=account_id,
            session_id=uuid5(_NAMES, f"{self._day}/{resident.index}"),
            roles=frozenset({Role.RESIDENT}),
            subject_id=subject_id,
            request_id="city-day",
        )
        secret = hashlib.sha256(f"{self._day}/{self._city.seed}/{resident.index}/{account_id}".encode()).digest()
        return Phone(self._platform, caller, secret)
