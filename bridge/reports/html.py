"""The report as one self-contained page for a bookkeeper: nothing is fetched, nothing runs."""

from importlib.resources import files

from bridge.engine.reconcile.result import Reconciliation
from bridge.reports.chart import HEIGHT, LEFT, TOP, charts
from bridge.reports.reconcile_sections import Detail, headline, sections


def as_page(report: Reconciliation, *, name: str) -> str:
    """The page. `name` is the bridge's own, from bridge.yaml."""
    from jinja2 import Environment, StrictUndefined

    template = files(__package__).joinpath("report.html.j2").read_text(encoding="utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["coded"] = _coded
    return environment.from_string(template).render(
        name=name,
        headline=headline(report),
        agrees=not report.differences,
        sections=sections(report, Detail.FULL),
        charts=charts(report.documents, report.home_currency),
        left=LEFT,
        top=TOP,
        height=HEIGHT,
    )


def _coded(text: str) -> str:
    """What stands between backticks, set as what is typed; all of it escaped."""
    from markupsafe import Markup, escape

    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    shown = [
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part)
        for place, part in enumerate(parts)
    ]
    return Markup("").join(shown)
