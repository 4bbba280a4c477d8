"""A chart of lines as plain SVG: both axes logarithmic, each line labelled at its end."""
import dataclasses
import math

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 170, 40, 50
COLOURS = ("#0b6e4f", "#d1495b", "#30638e", "#edae49", "#7a5195", "#5c4d3c", "#888888", "#bbbbbb")
LABEL_PX = 15  # that two labels need between them


@dataclasses.dataclass(frozen=True)
class Line:
    name: str
    points: list[tuple[float, float]]  # both above 0


def svg(title: str, x_title: str, y_title: str, lines: list[Line]) -> str:
    lines = [line for line in lines if line.points]
    xs = [x for line in lines for x, _ in line.points]
    ys = [y for line in lines for _, y in line.points]
    across = _Axis(min(xs), max(xs), LEFT, WIDTH - RIGHT)
    up = _Axis(min(ys), max(ys), HEIGHT - BOTTOM, TOP)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" '
             'font-size="12">', f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
             f'<text x="{LEFT}" y="22" font-size="15">{title}</text>',
             f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 12}" text-anchor="middle">{x_title}</text>',
             f'<text transform="translate(18 {(TOP + HEIGHT - BOTTOM) / 2:.0f}) rotate(-90)" text-anchor="middle">'
             f'{y_title}</text>']
    for value in across.ticks(sorted(set(xs))):
        x = across.at(value)
        parts.append(f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/><text x="{x:.1f}" '
                     f'y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{value:,g}</text>')
    for value in up.ticks():
        y = up.at(value)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/><text x="{LEFT - 6}" y="{y + 4:.1f}" '
                     f'text-anchor="end">{value:,g}</text>')
    labels = _apart([up.at(line.points[-1][1]) for line in lines])
    for number, (line, label) in enumerate(zip(lines, labels)):
        colour = COLOURS[number % len(COLOURS)]
        places = [(across.at(x), up.at(y)) for x, y in line.points]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        parts += [f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>',
                  *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places),
                  f'<text x="{WIDTH - RIGHT + 10}" y="{label + 4:.1f}" fill="{colour}">{line.name}</text>']
    return "\n".join([*parts, "</svg>"]) + "\n"


class _Axis:
    def __init__(self, least: float, most: float, begin: float, end: float) -> None:
        self._least, self._most = math.log10(least), math.log10(most)
        if self._most - self._least < 0.1:
            self._least, self._most = self._least - 0.5, self._most + 0.5
        self._begin, self._end = begin, end

    def at(self, value: float) -> float:
        share = (math.log10(value) - self._least) / (self._most - self._least)
        return self._begin + share * (self._end - self._begin)

    def ticks(self, wanted: list[float] | None = None) -> list[float]:
        """The wanted ones when they are few, else 1, 2 and 5 of each power of ten, or the powers alone."""
        if wanted and len(wanted) <= 8:
            return wanted
        steps = (1, 2, 5) if self._most - self._least < 2.5 else (1,)
        return [step * 10.0 ** power for power in range(math.floor(self._least), math.ceil(self._most) + 1)
                for step in steps if self._least <= math.log10(step * 10.0 ** power) <= self._most]


def _apart(places: list[float]) -> list[float]:
    """The same places, pushed down until no two labels overlap, and then all up when they have left the chart."""
    moved = list(places)
    lowest = -math.inf
    for number in sorted(range(len(places)), key=places.__getitem__):
        lowest = moved[number] = max(places[number], lowest + LABEL_PX)
    over = max(0.0, lowest - (HEIGHT - BOTTOM))
    return [place - over for place in moved]
