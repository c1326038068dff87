"""All hostile records of one collection, whose values test_hostile.py looks for."""

from __future__ import annotations

from typing import Any

from hostile import ODD_TEXTS, metric, quality_control, record, wrong_kinds

HUGE = 123456789012345678901234567890
#: Subjects whose folder would have too long a name, or hold NUL.
NO_FOLDERS = ("x" * 300, "研" * 25, "4\x005")


def hostile_records() -> list[dict[str, Any]]:
    """All hostile records of one collection."""
    result = wrong_kinds()
    result += [
        record(
            f"odd-{number}",
            text,
            subject={"subject_id": text, "subject_details": {}},
            quality_control=quality_control(metric(text, value=text), **{text: "Pass"}),
        )
        for number, text in enumerate(ODD_TEXTS)
    ]
    result += [
        record(
            f"no-folder-{number}",
            f"no folder {number}",
            subject={"subject_id": text},
            quality_control=quality_control(metric(), metric(), drift="Pass"),
        )
        for number, text in enumerate(NO_FOLDERS)
    ]
    result += [
        record("no-name", None),
        record("number-name", 5),
        record("object-name", {"a": 1}),
        {"_id": "bare"},
        record("null-sections", "nulls", subject=None, data_description=None, acquisition=None),
        record("twice", "same _id", _last_modified="2025-01-02 00:00:00+00:00"),
        record("twice", "same _id, newer", _last_modified="2025-01-01T23:00:00-08:00"),
        record("twice", "same _id, unreadable", _last_modified="yesterday"),
        record("name-1", "one name", _last_modified="2025-01-02T00:00:00+00:00"),
        record("name-2", "one name", _last_modified="2025-01-01T23:00:00-08:00"),
        record("name-3", "one name", _last_modified="2024-12-31T00:00:00Z"),
        record(
            "huge",
            "huge numbers",
            subject={"subject_id": "200001"},
            quality_control=quality_control(
                metric("int", HUGE),
                metric("nested", {"t": [HUGE]}),
                metric("text", "as it is"),
                metric("null", None),
                metric("false", value=False),
                metric("empty", ""),
            ),
        ),
        record(
            "many",
            "many metrics",
            subject={"subject_id": "200002"},
            quality_control=quality_control(*(metric(f"m{n}", {"n": n}) for n in range(5000))),
        ),
        record("cycle-1", "c1", data_description={"data_level": "derived", "source_data": ["c2"]}),
        record("cycle-2", "c2", data_description={"data_level": "derived", "source_data": ["c1"]}),
        record("self", "c3", data_description={"data_level": "derived", "source_data": ["c3"]}),
    ]
    times = [
        "2024-01-31 08:50:58-08:00",
        "2024-01-31 08:50:58.123456-08:00",
        "2024-01-31T08:50:58Z",
        "2024-01-31T08:50:58.123456Z",
        "2024-01-31T08:50:58.123456-08:00",
        "2024-01-31 08:50:58",
        "08:50:58",
        "2024-13-31T08:50:58Z",
        "",
        "infinity",
        "2024-01-31T08:50:58 America/Los_Angeles",
    ]
    result += [
        record(f"time-{number}", f"time {number}", acquisition={"acquisition_start_time": time})
        for number, time in enumerate(times)
    ]
    return result
