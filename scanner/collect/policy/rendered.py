"""A policy as a browser showed it: the markup after scripts ran, and the type size and contrast of its text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from scanner.collect.policy.assemble import assemble
from scanner.collect.policy.blocks import Limits
from scanner.collect.policy.document import Document
from scanner.collect.policy.html import read_html

Colour = tuple[float, float, float, float]

# The share of characters that may be smaller or paler than what is reported: a caption or a footnote is not the text.
SHARE = 0.1
MAX_RUNS = 20_000

# To be evaluated in the page; gives the second argument of :func:`read_rendered`.
MEASURE = """() => {
  const runs = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const parse = c => { const n = (c.match(/[\\d.]+/g) || []).map(Number); return [n[0]||0, n[1]||0, n[2]||0, n[3] ?? 1]; };
  while (walker.nextNode() && runs.length < 20000) {
    const length = walker.currentNode.data.trim().length, e = walker.currentNode.parentElement;
    if (!length || !e || !e.getClientRects().length) continue;
    const style = getComputedStyle(e);
    if (style.visibility !== 'visible') continue;
    const layers = [];
    for (let p = e; p; p = p.parentElement) {
      const s = getComputedStyle(p);
      if (s.backgroundImage !== 'none') { layers.length = 0; layers.push(null); break; }
      const b = parse(s.backgroundColor);
      if (b[3] > 0) layers.push(b);
      if (b[3] === 1) break;
    }
    runs.push([length, parseFloat(style.fontSize), parse(style.color), layers.includes(null) ? null : layers]);
  }
  return runs;
}"""


class Run(NamedTuple):
    """Shown text: number of characters, type size in CSS pixels, colour (RGB 0–255, alpha 0–1).

    ``backgrounds`` are the layers behind it from the nearest back to the page; None when there is a picture behind it.
    """

    characters: int
    font_px: float
    colour: Colour
    backgrounds: Sequence[Colour] | None


def read_rendered(html: str, runs: Iterable[Run], source: str = "", limits: Limits | None = None) -> Document:
    """Return the document of a rendered page; ``html`` is the page's markup after scripts ran.

    ``font_px`` and ``contrast`` are such that nine tenths of the text are at least that large and that clear.
    """
    limits = limits or Limits()
    shown = [run for run in list(runs)[:MAX_RUNS] if run.characters > 0]
    document = assemble(read_html(html, limits), source, "html", "utf-8", rendered=True, limits=limits)
    clear = [(contrast(run), run.characters) for run in shown]
    return replace(
        document,
        font_px=_low([(run.font_px, run.characters) for run in shown]),
        contrast=_low([(value, count) for value, count in clear if value is not None]),
    )


def _low(values: list[tuple[float, int]]) -> float | None:
    """Return the value that a share of ``SHARE`` of the characters lie below, None without any."""
    left = SHARE * sum(count for _, count in values)
    for value, count in sorted(values):
        left -= count
        if left < 0:
            return round(value, 2)
    return None


def contrast(run: Run) -> float | None:
    """Return the contrast ratio of text and background, 1 to 21 (WCAG 2.2), None over a picture."""
    if run.backgrounds is None:
        return None
    behind: Colour = (255.0, 255.0, 255.0, 1.0)
    for layer in reversed(run.backgrounds):
        behind = _over(layer, behind)
    lights = sorted((_luminance(_over(run.colour, behind)), _luminance(behind)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _over(front: Colour, back: Colour) -> Colour:
    alpha = front[3]
    red, green, blue = (front[i] * alpha + back[i] * (1 - alpha) for i in range(3))
    return (red, green, blue, 1.0)


def _luminance(colour: Colour) -> float:
    """Relative luminance of sRGB, 0 to 1 (WCAG 2.2)."""
    parts = [value / 255 for value in colour[:3]]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
