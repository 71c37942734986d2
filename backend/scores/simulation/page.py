"""The report as one HTML file: no script and nothing from elsewhere, readable on a phone and on paper."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from backend.scores.simulation.messages import Report
from scoring.points import points_text

_ENVIRONMENT = Environment(
    loader=PackageLoader("backend.scores.simulation", "."),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_AGES = {"18": "18–29", "30": "30–39", "40": "40–49", "50": "50–59", "60": "60–69", "70": "70+"}


def render(report: Report) -> str:
    """The page."""
    most = max([band.before or 0 for band in report.scores] + [band.after or 0 for band in report.scores] + [1])
    most_level = max(
        [level.before or 0 for level in report.levels] + [level.after or 0 for level in report.levels] + [1]
    )
    return _ENVIRONMENT.get_template("report.html").render(
        report=report,
        names={level.rank: level.name for level in report.levels},
        tables=(
            ("区县", "District", report.districts),
            ("年龄段", "Age band", report.age_bands),
            ("注册渠道", "Channel", report.channels),
        ),
        ages=_AGES,
        points=points_text,
        most=most,
        most_level=most_level,
    )
