"""How an asset was judged: metrics, their histories, and the status that follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from extract.sample.chunks import Chunks, Json, encode
from extract.sample.draw import Draw
from extract.sample.sections.imaging import StandardMetrics
from extract.sample.template import fill, fill_any, read
from extract.sample.time import LOCAL_MICROS, UTC_MICROS, Z_MICROS, TimeForm
from extract.sample.words import described_by, modality

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from extract.sample.assets import Asset
    from extract.sample.scale import Scale

_EVALUATED = "@evaluated"
_VARIANTS = 20
_EVERY_ROI = "pophys, every ROI"  # some 3,000 short metrics
_SEVERITY = {"Pass": 0, "Pending": 1, "Fail": 2}
_of = partial(fill, "quality")
_MOODS = {
    "finished": (("Pass", 97.0), ("Fail", 3.0)),
    "pending": (("Pass", 75.0), ("Pending", 22.0), ("Fail", 3.0)),
    "clean": (("Pass", 1.0),),
}


@dataclass(frozen=True)
class _Suite:
    """The metrics of a platform: what they are called, and what they are tagged with."""

    modality: str
    names: Sequence[str]
    tag: str
    values: Sequence[str]
    prose: int = 1  # how much there is to say about a metric


_FILE = read("quality")
_SUITES = {
    platform: [_Suite(**_FILE["suites"][name]) for name in names]
    for platform, names in _FILE["suites_of_platforms"].items()
}


@dataclass(frozen=True)
class _Block:
    """Some metrics, serialised, and the status they lead to."""

    metrics: bytes
    status: dict[str, str]


class Quality:
    """Quality control in the numbers of a scale."""

    def __init__(self, scale: Scale, draw: Draw) -> None:
        """Begin without metrics: blocks are made on first use."""
        self._scale = scale
        self._draw = draw
        self._lenient = Draw("allowed failures")
        self._standard = StandardMetrics()
        self._blocks: dict[str, _Block] = {}

    def section(self, asset: Asset, chunks: Chunks) -> Json:
        """Make the section `quality_control` of an asset.

        Some metrics are made for this record, and take their turns at being odd; the bulk of them
        comes in blocks, in which only the time differs from record to record.
        """
        draw = self._draw
        mood = draw.weighted((("finished", 45.0), ("clean", 20.0), ("pending", 35.0)))
        tags_as_list = not asset.session.subject.is_born_v2 and draw.due("tags as list", 0.5)
        form = (
            Z_MICROS if asset.session.subject.is_born_v2 else draw.pick((UTC_MICROS, LOCAL_MICROS))
        )
        metrics: list[Any] = []
        status: dict[str, str] = {}
        allowed: list[str] = []
        if not draw.due("no metrics", 0.03):
            own = self._own_metrics(asset, mood, form, tags_as_list=tags_as_list)
            blocks = self._take(asset, mood, tags_as_list=tags_as_list)
            evaluated = form.write(asset.created + timedelta(minutes=draw.between(1, 90)))
            bulk = b",".join(block.metrics for block in blocks)
            bulk = bulk.replace(_EVALUATED.encode(), evaluated.encode())
            standard = self._standard.metrics(asset, mood, evaluated)
            metrics = [*own, *standard, *chunks.elements(bulk)]
            failed_below = {
                tag for block in blocks for tag, worst in block.status.items() if worst == "Fail"
            }
            failed = [tag for tag in _failed_tags(own) if tag not in failed_below]
            if failed and self._lenient.due("allowed failures", 0.5):
                allowed = failed[:1]
            status = _worst(
                [_status_of([*own, *standard], allowed), *(block.status for block in blocks)]
            )
        return _of(
            "quality_control",
            draw,
            described_by=described_by("quality_control"),
            metrics=metrics,
            allowed=allowed,
            status=status,
        )

    def _take(self, asset: Asset, mood: str, *, tags_as_list: bool) -> list[_Block]:
        draw = self._draw
        key = asset.session.subject.platform.key
        amounts = self._scale.metric_blocks
        count = 0 if asset.is_raw else draw.amount(amounts.get(key, amounts[""]))
        if (
            key == "pophys"
            and not asset.is_raw
            and draw.due("hard tail", self._scale.hard_tail_rate)
        ):
            key, count = _EVERY_ROI, self._scale.hard_tail_blocks
        return [
            self._block(key, mood, draw.below(_VARIANTS), tags_as_list=tags_as_list)
            for _ in range(count)
        ]

    def _block(self, key: str, mood: str, variant: int, *, tags_as_list: bool) -> _Block:
        name = f"metrics {key} {mood} {variant} {tags_as_list}"
        if name not in self._blocks:
            draw = Draw(name)
            suite = _SUITES[key][variant % len(_SUITES[key])]
            metrics = [
                _metric(draw, suite, mood, _EVALUATED, tags_as_list=tags_as_list)
                for _ in range(self._scale.metrics_per_block)
            ]
            self._blocks[name] = _Block(
                b",".join(encode(metric) for metric in metrics), _status_of(metrics)
            )
        return self._blocks[name]

    def _own_metrics(
        self, asset: Asset, mood: str, form: TimeForm, *, tags_as_list: bool
    ) -> list[Json]:
        draw = self._draw
        metrics: list[Json] = []
        for suite in _SUITES[asset.session.subject.platform.key]:
            looked_at = asset.created + timedelta(days=draw.below(20), minutes=draw.between(1, 900))
            text = form.write(looked_at)
            metric = _metric(draw, suite, mood, text, tags_as_list=tags_as_list)
            _make_odd(draw, metric, form.write(asset.created))
            metrics.append(metric)
            if draw.due("same metric twice", 0.08):
                metrics.append(dict(metric))
            if draw.due("curation metric", 0.12):
                metrics.append(_curation(draw, suite, text))
        return metrics


def _metric(draw: Draw, suite: _Suite, mood: str, evaluated: str, *, tags_as_list: bool) -> Json:
    tag_value = draw.pick(suite.values)
    status = draw.weighted(_MOODS[mood])
    tags: Any = {suite.tag: tag_value}
    if tags_as_list:
        # With the stage `Raw data`, this gives two keys of `status` that differ in case only.
        tags = [tag_value, "Raw Data"] if draw.chance(0.05) else [tag_value]
    elif draw.chance(0.05):
        tags = {suite.tag: tag_value, "operational": "daily"}
    return _of(
        "metric",
        draw,
        metric_name=lambda: draw.pick(suite.names),
        tag_value=tag_value,
        modality=modality(suite.modality),
        value=lambda: _value(draw),
        status_history=lambda: [_judgement(draw, status, evaluated)],
        test_text="Test: \n\tcheck whether the data stream holds what it should. " * suite.prose,
        plot_text="Look at the plot to see whether the correction worked. " * (2 * suite.prose),
        tags=tags,
    )


def _judgement(draw: Draw, status: str, evaluated: str) -> Json:
    evaluator = draw.weighted((("Automated", 90.0), ("", 6.0), ("Jane Doe", 4.0)))
    if status == "Pending":
        evaluator = "Pending review"
    return _of("judgement", draw, evaluator=evaluator, status=status, evaluated=evaluated)


def _value(draw: Draw) -> object:
    kind = draw.weighted(
        (("widget", 60.0), ("fit", 12.0), ("rois", 8.0), ("plain", 15.0), ("text", 5.0))
    )
    if kind == "rois":
        return {str(roi): {"snr": draw.number(0, 9, 4), "ok": True} for roi in range(12)}
    made: object = fill_any("quality", kind, draw)
    return made


def _make_odd(draw: Draw, metric: Json, earlier: str) -> None:
    """Give a metric the oddities whose turn it is."""
    if draw.due("history empty", 0.05):
        metric["status_history"] = []
    elif draw.due("history of two", 0.06):
        metric["status_history"].insert(0, _judgement(draw, "Pending", earlier))
    if draw.due("tags missing", 0.04):
        del metric["tags"]
    elif draw.due("tags empty", 0.04):
        metric["tags"] = {}
    if draw.due("modality as text", 0.03):
        metric["modality"] = metric["modality"]["abbreviation"]
    if draw.due("integer beyond 64 bits", 0.02):
        metric["value"] = {"t_slow": [2**63 + 4_321, 1062.5], "t_fast": [48.1, None]}


def _curation(draw: Draw, suite: _Suite, evaluated: str) -> Json:
    return _of(
        "curation",
        draw,
        metric=_metric(draw, suite, "clean", evaluated, tags_as_list=False),
        tag_value=lambda: draw.pick(suite.values),
        evaluated=evaluated,
    )


def _status_of(metrics: Iterable[Json], allowed: Sequence[str] = ()) -> dict[str, str]:
    return _worst(
        dict.fromkeys(
            _keys(metric), "Pass" if _is_allowed_failure(metric, allowed) else _last_status(metric)
        )
        for metric in metrics
        if metric["status_history"]
    )


def _last_status(metric: Json) -> str:
    return str(metric["status_history"][-1]["status"])


def _is_allowed_failure(metric: Json, allowed: Sequence[str]) -> bool:
    return _last_status(metric) == "Fail" and not set(allowed).isdisjoint(_tags(metric))


def _failed_tags(metrics: Iterable[Json]) -> list[str]:
    """Tags of the metrics that failed, Curation metrics left out."""
    return [
        tag
        for metric in metrics
        if metric["object_type"] == "QC metric"
        and metric["status_history"]
        and _last_status(metric) == "Fail"
        for tag in _tags(metric)
    ]


def _tags(metric: Json) -> list[str]:
    tags = metric.get("tags", [])
    return [f"{kind}:{value}" for kind, value in tags.items()] if isinstance(tags, dict) else tags


def _keys(metric: Json) -> list[str]:
    """The keys of `status` a metric counts for: its tags, its modality, its stage."""
    kind = metric["modality"]
    return [
        *_tags(metric),
        kind if isinstance(kind, str) else kind["abbreviation"],
        metric["stage"],
    ]


def _worst(statuses: Iterable[dict[str, str]]) -> dict[str, str]:
    worst: dict[str, str] = {}
    for status in statuses:
        for key, value in status.items():
            if _SEVERITY[value] >= _SEVERITY[worst.get(key, "Pass")]:
                worst[key] = value
    return worst
