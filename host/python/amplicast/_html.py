"""A result in a notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._result import Result

LEFT = 'style="text-align: left"'


def table(result: "Result") -> str:
    """The table of G as HTML: G, its verdict and why it is that."""
    many = len({cell.who for cell in result.cells}) > 1
    truth = any(cell.true_g is not None for cell in result.cells)
    heads = [*(["generator"] if many else []), "question", "G", *(["true G"] if truth else []), "verdict", "why"]
    rows = []
    for cell in result.cells:
        texts = [*([cell.who] if many else []), cell.question, cell.text]
        if truth:
            texts.append("" if cell.true_g is None else f"{cell.true_g:.2g}")
        texts += [cell.verdict, cell.reason]
        rows.append("<tr>" + "".join(f"<td {LEFT}>{escape(text)}</td>" for text in texts) + "</tr>")
    notes = "".join(f"<li>{escape(warning)}</li>" for warning in result.warnings)
    return (
        f"<table><thead><tr>{''.join(f'<th {LEFT}>{head}</th>' for head in heads)}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        + (f"<ul>{notes}</ul>" if notes else "")
    )
