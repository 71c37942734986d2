"""The states of a benefit's version as data: draft -> published (a second person) -> paused or ended; or refused."""

from enum import StrEnum

from partners.orders.machine import Machine


class BenefitState(StrEnum):
    """Where a version is in its life."""

    DRAFT = "draft"
    PUBLISHED = "published"
    PAUSED = "paused"
    ENDED = "ended"
    REFUSED = "refused"


class BenefitEvent(StrEnum):
    """What moves a version on."""

    APPROVE = "approve"
    REFUSE = "refuse"
    PAUSE = "pause"
    RESUME = "resume"
    END = "end"


BENEFIT: Machine[BenefitState, BenefitEvent] = Machine(
    BenefitState.DRAFT,
    {
        BenefitState.DRAFT: {
            BenefitEvent.APPROVE: BenefitState.PUBLISHED,
            BenefitEvent.REFUSE: BenefitState.REFUSED,
        },
        BenefitState.PUBLISHED: {BenefitEvent.PAUSE: BenefitState.PAUSED, BenefitEvent.END: BenefitState.ENDED},
        BenefitState.PAUSED: {BenefitEvent.RESUME: BenefitState.PUBLISHED, BenefitEvent.END: BenefitState.ENDED},
    },
)
