"""What happened to a subject over time: as rows, as lines of text, as a picture."""

from __future__ import annotations

import html

import pandas as pd

_COLUMNS = ["date", "age", "event", "what", "asset_name"]
_MONTHS_SHOWN = 12
_WIDTH, _EDGE, _LABEL = 640, 10, 70
_ROWS = {"procedure": (16, "#b0563c"), "session": (36, "#4878a8")}


def timeline(
    facts: pd.DataFrame, procedures: pd.DataFrame, sessions: pd.DataFrame, assets: pd.DataFrame
) -> pd.DataFrame:
    """Procedures and sessions of a subject in the order of time.

    Returns:
        One row per day and kind of procedure, and one per session; those without a date are left
        out.
    """
    done = procedures[["start_date", "procedure_type"]].drop_duplicates()
    done = done.set_axis(["date", "what"], axis=1).assign(event="procedure", asset_name=None)
    recorded = sessions[["asset_name"]].assign(
        date=local_starts(sessions, assets),
        what=sessions["modalities"].map(", ".join),
        event="session",
    )
    events = pd.concat([done.astype(object), recorded.astype(object)], ignore_index=True)
    events["date"] = pd.to_datetime(events["date"])
    born = pd.to_datetime(facts["date_of_birth"].iloc[0])
    events["age"] = (events["date"].dt.normalize() - born).dt.days.astype("Int64")
    dated: pd.DataFrame = events.loc[events["date"].notna(), _COLUMNS]
    ordered: pd.DataFrame = dated.sort_values(["date", "event", "what"], ignore_index=True)
    return ordered


def local_starts(sessions: pd.DataFrame, assets: pd.DataFrame) -> pd.Series:
    """When each session began, by the clock of the place of recording."""
    starts: pd.Series = assets.set_index("name")["acquisition_start_local"]
    return sessions["asset_name"].map(starts)


def lines(events: pd.DataFrame) -> list[str]:
    """A line for each month: what was done, and how many sessions there were."""
    months = [
        f"{month}: {_described(each)}" for month, each in events.groupby(_month(events["date"]))
    ]
    shown = months[:_MONTHS_SHOWN]
    return shown + [f"… {len(months) - len(shown)} more months"] * (len(months) > len(shown))


def _month(dates: pd.Series) -> pd.Series:
    months: pd.Series = dates.dt.strftime("%Y-%m")
    return months


def _described(events: pd.DataFrame) -> str:
    done = events.loc[events["event"] == "procedure", "what"].dropna().unique().tolist()
    count = int((events["event"] == "session").sum())
    sessions = [f"{count} session{'s' * (count != 1)}"] if count else []
    return ", ".join([*done, *sessions])


def picture(events: pd.DataFrame) -> str:
    """An SVG with a mark for each event, in a row for procedures and one for sessions."""
    if events.empty:
        return ""
    first, last = events["date"].min(), events["date"].max()
    length = max((last - first).total_seconds(), 1.0)
    marks = []
    for date, event, what in zip(events["date"], events["event"], events["what"], strict=True):
        height, colour = _ROWS[event]
        part = (date - first).total_seconds() / length
        x = _LABEL + part * (_WIDTH - _LABEL - _EDGE)
        title = html.escape(f"{date:%Y-%m-%d} {what}")
        marks.append(
            f'<circle cx="{x:.1f}" cy="{height}" r="4" fill="{colour}" fill-opacity="0.7">'
            f"<title>{title}</title></circle>"
        )
    labels = [f'<text x="0" y="{height + 4}">{name}s</text>' for name, (height, _) in _ROWS.items()]
    ends = [
        f'<text x="{_LABEL - 4}" y="58">{first:%Y-%m-%d}</text>',
        f'<text x="{_WIDTH}" y="58" text-anchor="end">{last:%Y-%m-%d}</text>',
    ]
    return (
        f'<svg viewBox="0 0 {_WIDTH} 64" width="{_WIDTH}" role="img" font-size="11"'
        f' font-family="sans-serif" fill="gray">{"".join([*labels, *ends, *marks])}</svg>'
    )
