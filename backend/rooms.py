"""The rooms of the house, in one list: what each brings to the application."""

from collections.abc import Mapping
from datetime import timedelta
from types import ModuleType
from typing import Any

from piccolo.table import Table

import backend.access_log.api
import backend.catalogue.api
import backend.city.tables
import backend.codes.api
import backend.codes.service
import backend.codes.tables
import backend.commitments.api
import backend.commitments.service
import backend.commitments.tables
import backend.complaints.api
import backend.complaints.service
import backend.complaints.tables
import backend.consents.api
import backend.consents.service
import backend.consents.tables
import backend.counters.api
import backend.counters.service
import backend.counters.tables
import backend.declarations.api
import backend.declarations.service
import backend.declarations.tables
import backend.deposits.api
import backend.deposits.disputes_api
import backend.deposits.moving
import backend.deposits.service
import backend.deposits.tables
import backend.devices.api
import backend.devices.lists
import backend.devices.service
import backend.devices.tables
import backend.displays.api
import backend.displays.lists
import backend.displays.service
import backend.displays.staff_api
import backend.displays.tables
import backend.enterprises.api
import backend.enterprises.service
import backend.enterprises.tables
import backend.identity.api
import backend.identity.service
import backend.identity.tables
import backend.ledger.api
import backend.ledger.guarantee_api
import backend.ledger.service
import backend.ledger.tables
import backend.market.api
import backend.market.committing_api
import backend.market.confirming
import backend.market.confirming_api
import backend.market.enterprise_api
import backend.market.history_api
import backend.market.reserving
import backend.market.reserving_api
import backend.market.service
import backend.market.staff_api
import backend.market.tables
import backend.objections.api
import backend.objections.service
import backend.objections.tables
import backend.pages.api
import backend.partner_accounts.api
import backend.partner_accounts.applying_api
import backend.partner_accounts.keys
import backend.partner_accounts.lists
import backend.partner_accounts.premises_api
import backend.partner_accounts.service
import backend.partner_accounts.tables
import backend.passes.api
import backend.passes.lists
import backend.passes.service
import backend.passes.tables
import backend.platform.tables
import backend.records.api
import backend.records.intake
import backend.records.service
import backend.records.tables
import backend.reports.api
import backend.reports.service
import backend.reports.tables
import backend.reviews.api
import backend.reviews.cases_api
import backend.reviews.service
import backend.reviews.tables
import backend.rule_sets.api
import backend.rule_sets.published
import backend.rule_sets.service
import backend.rule_sets.tables
import backend.sandbox.api
import backend.sandbox.service
import backend.sandbox.tables
import backend.scores.api
import backend.scores.computing
import backend.scores.following
import backend.scores.reconciliation
import backend.scores.service
import backend.scores.tables
import backend.status_lists.api
import backend.subjects.service
import backend.subjects.tables
import backend.till.api
import backend.webhooks.api
import backend.webhooks.delivering
import backend.webhooks.service
import backend.webhooks.tables
from backend.identity.service import Forget
from backend.platform import idempotency, keys
from backend.platform.errands import Begin
from backend.platform.platform import Platform
from backend.platform.reference import Reference
from backend.platform.schedule import Job

# Modules with TABLES, PERSONAL and CONSTRAINTS, in the order in which they are created.
SCHEMAS: tuple[ModuleType, ...] = (
    backend.platform.tables,
    backend.subjects.tables,
    backend.identity.tables,
    backend.consents.tables,
    backend.devices.tables,
    backend.records.tables,
    backend.rule_sets.tables,
    backend.scores.tables,
    backend.city.tables,
    backend.codes.tables,
    backend.webhooks.tables,
    backend.ledger.tables,
    backend.partner_accounts.tables,
    backend.market.tables,
    backend.deposits.tables,
    backend.passes.tables,
    backend.counters.tables,
    backend.sandbox.tables,
    backend.reviews.tables,
    backend.complaints.tables,
    backend.enterprises.tables,
    backend.declarations.tables,
    backend.commitments.tables,
    backend.displays.tables,
    backend.objections.tables,
    backend.reports.tables,
)

TABLES: tuple[type[Table], ...] = tuple(table for schema in SCHEMAS for table in schema.TABLES)
PERSONAL_TABLES: frozenset[str] = frozenset(name for schema in SCHEMAS for name in schema.PERSONAL)
CONSTRAINTS: tuple[str, ...] = tuple(statement for schema in SCHEMAS for statement in schema.CONSTRAINTS)

HANDLERS: tuple[Any, ...] = (
    *backend.identity.api.HANDLERS,
    *backend.consents.api.HANDLERS,
    *backend.devices.api.HANDLERS,
    *backend.access_log.api.HANDLERS,
    *backend.catalogue.api.HANDLERS,
    *backend.records.api.HANDLERS,
    *backend.rule_sets.api.HANDLERS,
    *backend.scores.api.HANDLERS,
    *backend.codes.api.HANDLERS,
    *backend.partner_accounts.api.HANDLERS,
    *backend.partner_accounts.applying_api.HANDLERS,
    *backend.partner_accounts.premises_api.HANDLERS,
    *backend.webhooks.api.HANDLERS,
    *backend.ledger.api.HANDLERS,
    *backend.ledger.guarantee_api.HANDLERS,
    *backend.market.api.HANDLERS,
    *backend.market.confirming_api.HANDLERS,
    *backend.market.enterprise_api.HANDLERS,
    *backend.market.reserving_api.HANDLERS,
    *backend.market.history_api.HANDLERS,
    *backend.market.committing_api.HANDLERS,
    *backend.market.staff_api.HANDLERS,
    *backend.deposits.api.HANDLERS,
    *backend.deposits.disputes_api.HANDLERS,
    *backend.passes.api.HANDLERS,
    *backend.counters.api.HANDLERS,
    *backend.sandbox.api.HANDLERS,
    *backend.reviews.api.HANDLERS,
    *backend.reviews.cases_api.HANDLERS,
    *backend.complaints.api.HANDLERS,
    *backend.displays.api.HANDLERS,
    *backend.displays.staff_api.HANDLERS,
    *backend.status_lists.api.HANDLERS,
    *backend.pages.api.HANDLERS,
    *backend.till.api.HANDLERS,
    *backend.enterprises.api.HANDLERS,
    *backend.declarations.api.HANDLERS,
    *backend.commitments.api.HANDLERS,
    *backend.objections.api.HANDLERS,
    *backend.reports.api.HANDLERS,
)

# What the rooms hold in the memory of every process.
REFERENCES: tuple[Reference[Any], ...] = (
    backend.rule_sets.published.PUBLISHED,
    backend.passes.lists.PASSES.marked,
    backend.displays.lists.DISPLAYS.marked,
    backend.devices.lists.DEVICES.marked,
    backend.partner_accounts.lists.PARTNER_KEYS.marked,
)

# What each room forgets when a person leaves, in this order.
FORGET: tuple[Forget, ...] = (
    backend.consents.service.forget,
    backend.scores.service.forget,
    backend.codes.service.forget,
    backend.passes.service.forget,
    backend.counters.service.forget,
    backend.devices.service.forget,
    backend.partner_accounts.service.forget,
    backend.deposits.service.forget,
    backend.reviews.service.forget,
    backend.complaints.service.forget,
    backend.market.service.forget,
    backend.enterprises.service.forget,
    backend.objections.service.forget,
)


def due_handlers(platform: Platform) -> Mapping[str, Any]:
    """Topic of the due queue -> the room's handler, in the order in which they are looked at."""
    return {
        # Before the scores: a record that ends and is archived on one day is one computation.
        backend.records.intake.RETENTION: backend.records.service.retention_handler(platform),
        backend.rule_sets.service.TAKES_EFFECT: backend.scores.following.effect_handler(platform),
        backend.scores.following.FOLLOW: backend.scores.following.follow_handler(platform),
        backend.subjects.service.TOUCHED: backend.scores.computing.due_handler(platform),
        backend.declarations.service.TOPIC: backend.declarations.service.due_handler(platform),
        backend.commitments.service.TOPIC: backend.commitments.service.due_handler(platform),
        backend.market.confirming.TOPIC: backend.market.service.confirming_handler(platform),
        backend.market.reserving.TOPIC: backend.market.service.reserving_handler(platform),
        backend.displays.service.TOPIC: backend.displays.service.due_handler(platform),
        backend.enterprises.service.WITHDRAWN: backend.displays.service.left_handler(platform),
        backend.deposits.moving.TOPIC: backend.deposits.moving.due_handler(platform),
        backend.devices.service.ENDED: backend.passes.service.device_ended_handler(platform),
        backend.consents.service.WITHDRAWN: backend.passes.service.withdrawn_handler(platform),
        backend.reviews.service.TOPIC: backend.reviews.service.due_handler(platform),
        backend.complaints.service.TOPIC: backend.complaints.service.due_handler(platform),
        backend.objections.service.TOPIC: backend.objections.service.due_handler(platform),
    }


def errands(platform: Platform) -> Mapping[str, Begin]:
    """Topic of the due queue -> what begins the room's errands: work that waits for somebody outside."""
    return {backend.webhooks.delivering.TOPIC: backend.webhooks.service.delivering(platform).begin}


def jobs(platform: Platform) -> tuple[Job, ...]:
    """The periodic jobs of all rooms."""

    async def advance_keys() -> int:
        async with platform.database.transaction() as connection:
            return await keys.advance(connection, platform.clock.now())

    async def forget_answers() -> int:
        async with platform.database.transaction() as connection:
            return await idempotency.forget_old(connection)

    return (
        Job("keys-advance", timedelta(minutes=5), advance_keys),
        Job("answers-forget-old", timedelta(hours=1), forget_answers),
        Job("sessions-forget-old", timedelta(days=1), lambda: backend.identity.service.forget_old_sessions(platform)),
        Job("codes-forget-expired", timedelta(hours=1), lambda: backend.codes.service.forget_expired(platform)),
        Job("passes-forget-ended", timedelta(hours=1), lambda: backend.passes.service.forget_ended(platform)),
        Job("sandbox-forget-old", timedelta(hours=1), lambda: backend.sandbox.service.forget_old(platform)),
        Job("devices-free-places", timedelta(days=1), lambda: backend.devices.service.free_places(platform)),
        Job("partner-keys-free-places", timedelta(days=1), lambda: backend.partner_accounts.keys.free_places(platform)),
        Job("webhooks-forget-old", timedelta(days=1), lambda: backend.webhooks.service.forget_old(platform)),
        # Asked every hour, so that a month that nobody drew at its end is drawn later that day.
        Job("statements-draw", timedelta(hours=1), lambda: backend.ledger.service.draw_last_month(platform)),
        # The same, for the figures of promise cards and the cases that they open.
        Job("review-figures-draw", timedelta(hours=1), lambda: backend.reviews.service.draw_last_month(platform)),
        # The report on benefits likewise: drawn once, and never anew.
        Job("reports-draw", timedelta(hours=1), lambda: backend.reports.service.draw_last_month(platform)),
        # At three in the night of Asia/Shanghai.
        Job(
            "scores-reconcile",
            timedelta(days=1),
            lambda: backend.scores.reconciliation.reconcile_nightly(platform),
            begins=timedelta(hours=19),
        ),
    )
