"""Whatever happens to a collection and to runs, in any order: the lake becomes the collection."""

from __future__ import annotations

import random
import time

import pytest
from lakes import check_keys, documents, run, start
from mongodb_server import Proxy, now_and_then
from test_mongodb import content, document, fetch
from test_mongodb_faults import port, setting

from biodata_cache._core.settings.values import ExtractOptions
from examples import drawn
from extract.lake.policy import Policy
from extract.pipeline import extract
from extract.retries import Retries
from extract.sources.base import SourceOptions
from extract.sources.open import open_source

STAMPS = [f"2026-03-{day:02}T10:14:00.630Z" for day in range(1, 29)]


class Story:
    """A random sequence of changes and runs."""

    def __init__(self, collection, raw, seed: int) -> None:
        self.draw = random.Random(seed)
        self.collection = collection
        self.raw = raw
        self.steps: list[str] = []
        self.serial = 0

    def stamp(self) -> str:
        """An instant that this collection has not seen on the record, earlier or later."""
        self.serial += 1
        return f"{self.draw.choice(STAMPS)[:-4]}{self.serial:06}Z"

    def insert(self) -> None:
        numbers = self.draw.sample(range(120), self.draw.randint(1, 40))
        shared = self.stamp()
        for number in numbers:
            made = document(number, filler="x" * self.draw.choice([0, 500, 9_000]))
            if self.draw.random() < 0.8:
                made["_last_modified"] = self.draw.choice([shared, self.stamp()])
            else:
                del made["_last_modified"]
            self.collection.replace_one({"_id": made["_id"]}, made, upsert=True)

    def update(self) -> None:
        at = {"_id": {"$gte": f"record-{self.draw.randrange(120):05}"}}
        change = {"_last_modified": self.stamp(), "subject": {"n": self.draw.random()}}
        self.collection.update_many(at, {"$set": change})

    def delete(self) -> None:
        numbers = self.draw.sample(range(120), self.draw.randint(1, 60))
        self.collection.delete_many({"_id": {"$in": [f"record-{n:05}" for n in numbers]}})

    def run(self, uri: str | None = None, **options) -> None:
        source = open_source(
            uri or f"mongodb://127.0.0.1:{port(self.collection)}",
            SourceOptions(
                database=self.collection.database.name,
                retries=Retries(ceiling=20, first=0.01, longest=0.05),
            ),
        )
        extract(
            source,
            self.raw,
            policy=Policy(group_rows=7, many_small=6),
            options=ExtractOptions(allow_shrink=True, **options),
        )
        self.check()

    def full_run(self) -> None:
        self.run(full=True)

    def run_on_a_bad_line(self) -> None:
        fault = now_and_then(self.draw.randrange(99), 0.05, "reset", "cut", 0.05)
        self.run(Proxy(port(self.collection), fault).uri)

    def killed_run(self) -> None:
        proxy = Proxy(port(self.collection), lambda connection, chunk: 0.005)
        options = ["--full"] if self.draw.random() < 0.3 else []
        options += ["--allow-shrink", "--raw", str(self.raw)]
        process = start(
            "extract", *options, groups=7, **setting(self.collection, proxy), WORKERS="2"
        )
        before = len(list(self.raw.glob("docdb_v2/*")))
        while process.poll() is None and len(list(self.raw.glob("docdb_v2/*"))) == before:
            time.sleep(0.002)
        time.sleep(self.draw.random() * 0.15)
        process.kill()
        process.communicate()

    def check(self) -> None:
        assert documents(self.raw) == content(self.collection), self.steps
        check_keys(self.raw)

    def tell(self, steps: int) -> None:
        changes = [self.insert, self.update, self.delete]
        runs = [self.run, self.run_on_a_bad_line, self.full_run, self.killed_run]
        self.insert()
        for _ in range(steps):
            for step in (
                self.draw.choice(changes),
                self.draw.choices(runs, weights=[4, 2, 1, 3])[0],
            ):
                self.steps.append(step.__name__)
                step()
        self.run()


@pytest.mark.nightly
@pytest.mark.parametrize(
    "seed",
    [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 2 + drawn(4)))],
)
def test_lake_is_the_collection_in_the_end(collection, tmp_path, seed):
    Story(collection, tmp_path, seed).tell(8 if seed < 2 else 20)


def test_command_line_does_the_same(collection, tmp_path):
    """The same from the command line, so that defaults are what is tested."""
    collection.insert_many([document(number) for number in range(30)])
    code, output = run("extract", "--raw", str(tmp_path), **setting(collection))
    assert code == 0, output
    assert "30 new" in output
    assert documents(tmp_path) == content(collection)
    assert documents(tmp_path, "docdb_v1") == {}
    assert fetch(collection, tmp_path).unchanged == 30
