"""Whatever is sent, by whomever: the running server keeps its published contract, and never fails."""

from collections.abc import Mapping

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from requests.auth import AuthBase
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.builders.server import REPOSITORY, Server

pytestmark = pytest.mark.xdist_group("contract")

# Who calls is our part: an access token or a signature is not made up.
CONFIG = schemathesis.Config.from_dict({"generation": {"with-security-parameters": False}})
contract = schemathesis.openapi.from_path(REPOSITORY / "openapi" / "xinyi.json", config=CONFIG)

# The problems that say: this is not a request of the contract.
FORM = frozenset(
    {"malformed-request", "unsupported-media-type", "too-large", "method-not-allowed", "idempotency-key-missing"}
)

# Who may call what begins with a path; the first that fits. Whoever leaves or signs out everywhere does nothing else.
CALLERS = (
    ("DELETE /v1/me/sessions", ("leaver",)),
    ("DELETE /v1/me/consents", ("agent",)),
    ("DELETE /v1/me/records", ("resident",)),
    ("DELETE /v1/me/reviews", ("resident",)),
    ("DELETE /v1/me/till-post", ("resident",)),
    ("DELETE /v1/me", ("leaver",)),
    ("POST /v1/me/identity", ("applicant",)),
    ("/v1/me", ("resident",)),
    ("/v1/enterprises", ("agent",)),
    ("/v1/staff/rule-sets", ("operator", "second-operator")),
    ("/v1/staff/partner-applications", ("operator",)),
    ("/v1/staff/benefits", ("operator", "second-operator")),
    ("/v1/staff/partner-stores", ("operator",)),
    ("/v1/staff", ("case-officer", "second-officer")),
    ("/v1/till", ("clerk",)),
    ("/sandbox/v1/", ("partner-test",)),
    ("/v1/partner/orders", ("lender",)),
    ("/v1/partner/", ("partner",)),
    ("/v1/source/", ("source",)),
    ("/metrics", ("operator",)),
    ("/", ("nobody",)),
)


def callers_of(case: schemathesis.Case) -> tuple[str, ...]:
    """Who is meant to call this operation."""
    label = f"{case.method} {case.path}"
    return next(names for prefix, names in CALLERS if label.startswith(prefix) or case.path.startswith(prefix))


def well_formed_is_taken_as_such(
    context: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case
) -> None:
    """What fits the contract may be refused for what it says, but never for its form.

    In place of the check that knows statuses only: a cursor of another list, or a code nobody has shown, is well formed.
    JSON Schema takes 1.0 for an integer; we do not: no floating point is near an amount.
    """
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code < 400:
        return
    problem = response.json()
    assert problem["code"] not in FORM or "got `float`" in response.text, response.text


@contract.parametrize()
@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
def test_every_operation_keeps_its_contract(
    case: schemathesis.Case, server: Server, callers: Mapping[str, AuthBase]
) -> None:
    for name in callers_of(case):
        case.call_and_validate(
            base_url=server.url,
            auth=callers[name],
            excluded_checks=[positive_data_acceptance],
            additional_checks=[well_formed_is_taken_as_such],
        )
