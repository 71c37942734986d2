"""The conformance kit 自测套件: plays the platform to a partner's integration, in any language, and says what it must still learn.

    report = run(command(["node", "adapter.mjs"]))
    print("\\n".join(lines(report)))

The integration is wrapped by an adapter (`contract`); each scene is played by a server on the loopback address (`platform`,
`replies`); each case says in two languages what is expected and why (`online`, `offline`).
"""

from partners.sdk.conformance.adapters import Adapter, AdapterFailed, command
from partners.sdk.conformance.contract import CONTRACT, Verdict
from partners.sdk.conformance.kit import Finding, KeyKind, Report, UnknownCase, every_case, lines, run

__all__ = [
    "CONTRACT",
    "Adapter",
    "AdapterFailed",
    "Finding",
    "KeyKind",
    "Report",
    "UnknownCase",
    "Verdict",
    "command",
    "every_case",
    "lines",
    "run",
]
