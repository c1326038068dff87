"""The metrics by which every stitched SmartSPIM image is judged, and where fibers end in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from extract.sample.draw import Draw
from extract.sample.template import fill, read
from extract.sample.words import modality

if TYPE_CHECKING:
    from extract.sample.assets import Asset
    from extract.sample.chunks import Json

_NAMES = tuple(read("quality")["standard_names"])
_CHANNELS = ("Ex_445_Em_469", "Ex_488_Em_525", "Ex_561_Em_593", "Ex_639_Em_667")
_PENDING_REVIEW = "Pending review"


class StandardMetrics:
    """Makes them from a stream of choices of their own: no other part of the sample knows of it."""

    def __init__(self) -> None:
        """Begin the stream."""
        self._draw = Draw("standard metrics")

    def metrics(self, asset: Asset, mood: str, evaluated: str) -> list[Json]:
        """Make the metrics of a stitched SmartSPIM asset; none of any other.

        Args:
            asset: What was judged.
            mood: Whether anything waits for a judgement.
            evaluated: When it was judged, as the record writes it.
        """
        subject = asset.session.subject
        if subject.platform.key != "smartspim" or "_stitched_" not in asset.name:
            return []
        draw = self._draw
        channels = draw.some(_CHANNELS, 2)
        metrics = [
            self._metric(name, self._judged(), evaluated, f"metrics/{channels[0]}.png")
            for name in _NAMES
        ]
        metrics += [
            self._metric(f"{channel} brightness", draw.number(50, 400, 1), evaluated)
            for channel in channels
        ]
        tips = [
            self._metric(f"{fiber.name} CCF Location", self._place(fiber.number), evaluated)
            for fiber in subject.fibers[:2]
        ]
        if mood == "pending":
            (tips or metrics)[-1]["status_history"][-1].update(
                status="Pending", evaluator=_PENDING_REVIEW
            )
        return metrics + tips

    def _judged(self) -> Json:
        """What somebody chose in a form."""
        chosen = self._draw.pick(("Good", "Acceptable"))
        return {"value": chosen, "options": ["Good", "Acceptable", "Poor"], "type": "dropdown"}

    def _place(self, number: int) -> Any:  # noqa: ANN401  # an object, or the text of one
        """Indices into the aligned image; the first of them as the page of quality control does."""
        draw = self._draw
        ap, ml, dv = draw.between(120, 300), draw.between(80, 380), draw.between(90, 250)
        return (
            f'json:{{"AP": {ap}, "ML": {ml}, "DV": {dv}}}'
            if not number
            else {"AP": ap, "ML": ml, "DV": dv}
        )

    def _metric(
        self, name: str, value: object, evaluated: str, reference: str | None = None
    ) -> Json:
        made: Json = fill(
            "quality",
            "standard",
            self._draw,
            name=name,
            modality=modality("SPIM"),
            value=value,
            evaluator="Jane Doe",
            status="Pass",
            evaluated=evaluated,
            reference=reference,
            tag="SmartSPIM",
        )
        return made
