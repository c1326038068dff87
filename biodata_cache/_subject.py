"""Everything about one subject, as an object with a readable display."""

from __future__ import annotations

import html
from dataclasses import dataclass

import pandas as pd

from biodata_cache import _session, _timeline
from biodata_cache._core import messages as _messages
from biodata_cache._core.errors import ArgumentError
from biodata_cache._reader import read as _read
from biodata_cache._reader import selection as _selection
from biodata_cache._reader.filters import scalars as _scalars

_PARTS = (
    "procedures",
    "injections",
    "implants",
    "sessions",
    "assets",
    "quality",
    "quality_control_history",
)
_SHOWN = {
    "procedures": ["kind", "procedure_type", "start_date", "experimenters_normalized"],
    "injections": ["start_date", "targeted_structure", "material", "volume", "volume_unit"],
    "implants": ["start_date", "device_name", "targeted_structure"],
    "sessions": ["asset_name", "start_at", "modalities", "trials_finished", "trials_rewarded"],
    "assets": ["name", "acquisition_start_at", "modalities", "project_name"],
    "quality": ["name", "status", "metric_count", "fail_count", "pending_count"],
    "quality_control_history": ["asset_name", "name", "status", "evaluator", "evaluated_at"],
}


@dataclass(frozen=True, repr=False, eq=False)
class Subject:
    """Rows of all tables about one subject, from the same build.

    In a terminal it shows the facts, how much there is of each part and what happened in each
    month, in a notebook a time line and the parts.

    Attributes:
        subject_id: The subject.
        facts: Its row of `subjects`.
        procedures: Its rows of `procedures`, by date.
        injections: Its rows of `injections`.
        implants: Its rows of `implants`.
        sessions: Its rows of `sessions`, in the order of time.
        assets: Its rows of `assets`, in the order of acquisition.
        quality: The rows of `qc_status` of these assets.
        quality_control_history: Its rows of `quality_control_history`, in the order of judgement.
    """

    subject_id: str
    facts: pd.DataFrame
    procedures: pd.DataFrame
    injections: pd.DataFrame
    implants: pd.DataFrame
    sessions: pd.DataFrame
    assets: pd.DataFrame
    quality: pd.DataFrame
    quality_control_history: pd.DataFrame

    @property
    def timeline(self) -> pd.DataFrame:
        """Procedures and sessions in the order of their local time.

        Columns are `date`, `age` in days, `event` (`procedure` or `session`), `what` (the kind of
        procedure, or the modalities) and `asset_name`. What has no date is left out.
        """
        return _timeline.timeline(self.facts, self.procedures, self.sessions, self.assets)

    @property
    def weights(self) -> pd.DataFrame:
        """Weights in the order of time, from its procedures and sessions."""
        numbers = ["animal_weight_prior", "animal_weight_post", "weight_unit"]
        starts = _timeline.local_starts(self.sessions, self.assets)
        at_procedures = self.procedures[["start_date", *numbers]].drop_duplicates()
        weights = pd.concat(
            [
                at_procedures.rename(columns={"start_date": "date"}).assign(event="procedure"),
                self.sessions[numbers].assign(date=starts, event="session"),
            ],
            ignore_index=True,
        ).dropna(subset=numbers[:2], how="all")
        ordered: pd.DataFrame = weights.sort_values("date", ignore_index=True, kind="stable")
        return ordered

    def __repr__(self) -> str:
        counts = [f"  {part}: {len(getattr(self, part))}" for part in _PARTS]
        months = [f"  {line}" for line in _timeline.lines(self.timeline)]
        return "\n".join([self._title(), *counts, *months])

    def _repr_html_(self) -> str:
        parts = [f"<h3>{html.escape(self._title())}</h3>", _timeline.picture(self.timeline)]
        for part in _PARTS:
            rows: pd.DataFrame = getattr(self, part)
            text = rows[_SHOWN[part]].to_html(index=False, max_rows=20, na_rep="")
            parts.append(f"<details><summary>{part}: {len(rows)}</summary>{text}</details>")
        return "\n".join(part for part in parts if part)

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
        Facts, procedures, injections, implants, sessions, assets, quality control and its history,
        each a DataFrame.

    Raises:
        ArgumentError: If the id is not a text, or no record has this subject.

    Examples:
        >>> from biodata_cache import subject
        >>> mouse = subject("0451")
        >>> mouse.facts["subject_id"].tolist()
        ['0451']
    """
    subject = _scalars.text_argument("subject_id", subject_id)
    cache = _session.current_published()

    def rows(table: str, **filters: object) -> pd.DataFrame:
        return _read.frame(cache, _selection.selection(table, None, filters))

    everyone = rows("subjects")
    facts = everyone[everyone["subject_id"] == subject].reset_index(drop=True)
    if facts.empty:
        nearest = _messages.nearest(subject, everyone["subject_id"].tolist())
        raise ArgumentError(
            f"No record names the subject {subject!r}. Ids are texts, with all of their zeros;"
            f" unique_subject_ids() lists those that there are.{nearest}"
        )
    by_date = ["start_date", "kind", "procedure_index", "part_index"]
    assets = rows("assets", subject_id=subject)
    return Subject(
        subject_id=subject,
        facts=facts,
        procedures=rows("procedures", subject_id=subject).sort_values(by_date, ignore_index=True),
        injections=rows("injections", subject_id=subject),
        implants=rows("implants", subject_id=subject),
        sessions=rows("sessions", subject_id=subject).sort_values(
            ["start_at", "asset_name"], ignore_index=True
        ),
        assets=assets.sort_values(["acquisition_start_at", "name"], ignore_index=True),
        quality=rows("qc_status", name=assets["name"].tolist()),
        quality_control_history=rows("quality_control_history", subject_id=subject).sort_values(
            ["evaluated_at", "asset_name", "metric_index", "judgement_index"], ignore_index=True
        ),
    )
