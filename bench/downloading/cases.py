"""What is asked of whom."""
import dataclasses

from downloading import data
from downloading.pairs import Ask
from downloading.servers import DATASETTE, EIDER, FETCHMANY, PANDAS, ROAPI, Kind


@dataclasses.dataclass(frozen=True)
class Case:
    title: str
    asks: list[Ask]


# Labels by which the musts find their results.
ORDERED = "Eider"
ANY_ORDER = "Eider, `_order=any`"
AGAIN = "Eider, again, from the spool"
WARM = "Eider, after another query"


def cases(lake: data.Lake) -> dict[str, Case]:
    def title(dataset: str, what: str) -> str:
        table = lake.tables[dataset]
        return f"{table.rows:,} rows, {lake.path(dataset).stat().st_size / 1e6:.0f} MB Parquet: {what}"

    full = Ask(ORDERED, EIDER, "large")
    one_percent = {"organisation_entity": 37}
    tenth = {"organisation_entity": 4}
    return {
        "full": Case(title("large", "all as CSV"), [
            full, Ask(ANY_ORDER, EIDER, "large", options={"_order": "any"}), Ask(ROAPI.name, ROAPI, "large"),
            dataclasses.replace(full, label=AGAIN, prepare=full)]),
        "one_percent": Case(title("large", "a 1% filter"), [
            Ask(ORDERED, EIDER, "large", one_percent),
            Ask(WARM, EIDER, "large", one_percent, prepare=Ask("", EIDER, "large", {"organisation_entity": 38})),
            Ask(ROAPI.name, ROAPI, "large", one_percent),
            _python(PANDAS, "large", one_percent), _python(FETCHMANY, "large", one_percent)]),
        "seed_100mb": Case(title("seed_100mb", "a 10% filter"), [
            Ask(ORDERED, EIDER, "seed_100mb", tenth), Ask(ROAPI.name, ROAPI, "seed_100mb", tenth),
            _python(PANDAS, "seed_100mb", tenth), _python(FETCHMANY, "seed_100mb", tenth)]),
        "seed_10mb": Case(title("seed_10mb", "all as CSV"), [
            Ask(ORDERED, EIDER, "seed_10mb"), Ask(DATASETTE.name, DATASETTE, "seed_10mb"),
            Ask(ROAPI.name, ROAPI, "seed_10mb"),
            _python(PANDAS, "seed_10mb", {}), _python(FETCHMANY, "seed_10mb", {})]),
        "flights": Case("3,000,000 flights, 13 MB Parquet: all as CSV", [
            Ask(ORDERED, EIDER, "flights"), Ask(ANY_ORDER, EIDER, "flights", options={"_order": "any"}),
            Ask(ROAPI.name, ROAPI, "flights")]),
    }


def _python(kind: Kind, dataset: str, where: dict[str, object]) -> Ask:
    """A Python peer has served a small request before, so that its imports are not what is measured."""
    return Ask(kind.name, kind, dataset, where, prepare=Ask("", kind, "seed_10mb", {"organisation_entity": 1}))
