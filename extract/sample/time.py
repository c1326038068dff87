"""The forms in which real records write an instant, side by side in one column."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

_PACIFIC_SUMMER = timezone(timedelta(hours=-7))
_PACIFIC_WINTER = timezone(timedelta(hours=-8))
_SUMMER_MONTHS = range(4, 11)  # the exact day of the change does not matter here


@dataclass(frozen=True)
class TimeForm:
    """One way of writing an instant."""

    separator: str
    zone: str  # "local", "utc" or "Z"
    timespec: str  # as `datetime.isoformat` names it

    def write(self, moment: datetime) -> str:
        """Write an instant given in UTC."""
        if self.zone == "local":
            return local(moment).isoformat(self.separator, self.timespec)
        text = moment.isoformat(self.separator, self.timespec)
        return text[: -len("+00:00")] + "Z" if self.zone == "Z" else text


# Upgraded records went through `json.dumps(default=str)`: a blank, and an offset.
LOCAL_MICROS = TimeForm(" ", "local", "microseconds")
LOCAL_SECONDS = TimeForm(" ", "local", "seconds")
UTC_MICROS = TimeForm(" ", "utc", "microseconds")
UTC_SECONDS = TimeForm(" ", "utc", "seconds")
# Records born as v2 went through pydantic's JSON.
Z_MICROS = TimeForm("T", "Z", "microseconds")
Z_SECONDS = TimeForm("T", "Z", "seconds")
T_LOCAL_MICROS = TimeForm("T", "local", "microseconds")
# What DocDB itself adds.
DOCDB = TimeForm("T", "Z", "milliseconds")

UPGRADED_FORMS = ((LOCAL_MICROS, 14.0), (LOCAL_SECONDS, 7.0), (UTC_MICROS, 3.0), (UTC_SECONDS, 2.0))
BORN_FORMS = ((Z_MICROS, 6.0), (Z_SECONDS, 2.0), (T_LOCAL_MICROS, 2.0))


def local(moment: datetime) -> datetime:
    """Put an instant on the clock of the rig."""
    summer = moment.month in _SUMMER_MONTHS
    return moment.astimezone(_PACIFIC_SUMMER if summer else _PACIFIC_WINTER)


def in_name(moment: datetime) -> str:
    """Write an instant as asset names do, by the clock of the rig."""
    here = local(moment)
    date = f"{here.year}-{here.month:02d}-{here.day:02d}"
    return f"{date}_{here.hour:02d}-{here.minute:02d}-{here.second:02d}"
