"""Everything about one subject, as a small object that shows itself."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

from biodata_cache import _session
from biodata_cache._core import messages as _messages
from biodata_cache._core.errors import ArgumentError
from biodata_cache._reader import read as _read
from biodata_cache._reader import selection as _selection
from biodata_cache._reader.filters import conditions as _filters

if TYPE_CHECKING:
    import pandas as pd

_PARTS = ("procedures", "injections", "implants", "assets", "quality")
_SHOWN = {
    "procedures": ["kind", "procedure_type", "start_date", "experimenters_normalized"],
    "injections": ["start_date", "targeted_structure", "material", "volume", "volume_unit"],
    "implants": ["start_date", "device_name", "targeted_structure"],
    "assets": ["name", "acquisition_start_at", "modalities", "project_name"],
    "quality": ["name", "status", "metric_count", "fail_count", "pending_count"],
}


@dataclass(frozen=True, repr=False, eq=False)
class Subject:
    """What the tables say of one subject, all of the same build.

    In a terminal it shows the facts and how much there is of each part, in a notebook the parts.

    Attributes:
        subject_id: The subject.
        facts: Its row of `subjects`.
        procedures: Its rows of `procedures`, by date.
        injections: Its rows of `injections`.
        implants: Its rows of `implants`.
        assets: Its rows of `assets`, in the order of acquisition: the time line.
        quality: The rows of `qc_status` of these assets.
    """

    subject_id: str
    facts: pd.DataFrame
    procedures: pd.DataFrame
    injections: pd.DataFrame
    implants: pd.DataFrame
    assets: pd.DataFrame
    quality: pd.DataFrame

    @property
    def weights(self) -> pd.DataFrame:
        """Weights by day, as its procedures say them."""
        columns = ["start_date", "animal_weight_prior", "animal_weight_post", "weight_unit"]
        weighed = self.procedures[columns].dropna(subset=columns[1:3], how="all")
        days: pd.DataFrame = weighed.drop_duplicates().reset_index(drop=True)
        return days

    def __repr__(self) -> str:
        lines = [self._title()]
        lines += [f"  {part}: {len(getattr(self, part))}" for part in _PARTS]
        times = self.assets["acquisition_start_at"].dropna()
        if len(times):
            lines.append(f"  acquired: {times.min():%Y-%m-%d} to {times.max():%Y-%m-%d}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        parts = [f"<h3>{html.escape(self._title())}</h3>"]
        for part in _PARTS:
            rows: pd.DataFrame = getattr(self, part)
            text = rows[_SHOWN[part]].to_html(index=False, max_rows=20, na_rep="")
            parts.append(f"<details><summary>{part}: {len(rows)}</summary>{text}</details>")
        return "\n".join(parts)

    def _title(self) -> str:
        row = self.facts.iloc[0]
        known = [str(row[fact]) for fact in ("species", "sex", "genotype") if row.notna()[fact]]
        if row.notna()["date_of_birth"]:
            known.append(f"born {row['date_of_birth']:%Y-%m-%d}")
        return ", ".join([f"Subject {self.subject_id}", *known])


def subject(subject_id: str) -> Subject:
    """Read everything about one subject.

    Args:
        subject_id: Subject as the records write it; `"0451"` and `"451"` are two.

    Returns:
        Facts, procedures, injections, implants, assets and quality control, each a DataFrame.

    Raises:
        ArgumentError: If it is no text, or no record names that subject.

    Example:
        >>> from biodata_cache import subject
        >>> mouse = subject("0451")
        >>> mouse.facts["subject_id"].tolist()
        ['0451']
    """
    asked = _filters.text_argument("subject_id", subject_id)
    cache = _session.current_published()

    def rows(table: str, **filters: object) -> pd.DataFrame:
        return _read.frame(cache, _selection.selection(table, None, filters))

    everyone = rows("subjects")
    facts = everyone[everyone["subject_id"] == asked].reset_index(drop=True)
    if facts.empty:
        nearest = _messages.nearest(asked, everyone["subject_id"].tolist())
        raise ArgumentError(
            f"No record names the subject {asked!r}. Ids are texts, with all of their zeros;"
            f" unique_subject_ids() lists those that there are.{nearest}"
        )
    by_date = ["start_date", "kind", "procedure_index", "part_index"]
    assets = rows("assets", subject_id=asked)
    return Subject(
        subject_id=asked,
        facts=facts,
        procedures=rows("procedures", subject_id=asked).sort_values(by_date, ignore_index=True),
        injections=rows("injections", subject_id=asked),
        implants=rows("implants", subject_id=asked),
        assets=assets.sort_values(["acquisition_start_at", "name"], ignore_index=True),
        quality=rows("qc_status", name=assets["name"].tolist()),
    )
