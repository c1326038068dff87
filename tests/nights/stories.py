"""Nights in which something goes wrong at random moments, until one in which nothing does.

Each story has a seed. It draws where records come from (files, MongoDB, the gateway) and where the
lake is (a folder, S3), and then, night after night, what changes at the source and what goes wrong:
a run is killed or terminated, the server resets, refuses or breaks off, the disk is full. After
each night the lake must hold nothing that the source never had, and miss nothing that it always
had; after the last one, which is sound, the lake must be the source. Some stories build and publish
then, and what is published must be what was built.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pymongo
from gateway_server import Gateway
from lakes import documents
from mongodb_server import Proxy, now_and_then

if TYPE_CHECKING:
    from faults import Proxy as S3Proxy

PROJECT = Path(__file__).resolve().parents[2]
Records = dict[str, dict[str, Any]]

MODALITIES = ("behavior", "fib", "SPIM", "ecephys")
LEASE = 2.0
"""Seconds after which the lock of a run on S3 that was killed ends."""
IN_TIME = 30.0
"""Seconds in which a terminated command ends, on a busy machine."""
_INTERRUPTED = 130
_CODE = """
import resource, signal, sys
if {disk} is not None:
    resource.setrlimit(resource.RLIMIT_FSIZE, ({disk}, {disk}))
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
sys.argv[0] = "biodata-cache"
from biodata_cache.__main__ import main
main()
"""


class Source(Protocol):
    """Where the records of a story come from.

    Attributes:
        settings: Settings that a command needs to read them.
        environment: What its process must have in its environment.
    """

    settings: dict[str, str]
    environment: dict[str, str]

    def close(self) -> None:
        """Close what is open."""
        ...

    def hold(self, records: Records) -> None:
        """Have these records from now on."""
        ...

    def go_wrong(self, draw: random.Random) -> str:
        """Fail now and then, until the records are held anew; says how."""
        ...


class Files:
    """A folder of compressed files; each time, records are in other files than before."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = {"SOURCE": str(folder)}
        self.environment: dict[str, str] = {}
        self._times = 0
        folder.mkdir()

    def close(self) -> None:
        pass

    def hold(self, records: Records) -> None:
        parts, self._times = 4, self._times + 1
        for part in range(parts):
            lines = [
                json.dumps(record) + "\n"
                for key, record in records.items()
                if zlib.crc32(f"{key} {self._times}".encode()) % parts == part
            ]
            content = gzip.compress("".join(lines).encode(), 1)
            (self.folder / f"part-{part}.jsonl.gz").write_bytes(content)

    def go_wrong(self, draw: random.Random) -> str:
        path = draw.choice(sorted(self.folder.iterdir()))
        content = path.read_bytes()
        if draw.random() < 0.2:
            path.unlink()
            return f"{path.name} is gone"
        if draw.random() < 0.5:
            size = int(len(content) * draw.random())
            path.write_bytes(content[:size])
            return f"{path.name} cut to {size} of {len(content)} bytes"
        at = draw.randrange(len(content))
        path.write_bytes(content[:at] + bytes([content[at] ^ 0x20]) + content[at + 1 :])
        return f"byte {at} of {path.name} is another"


class Mongo:
    """A collection of a MongoDB server, behind a proxy that misbehaves."""

    def __init__(self, port: int, name: str) -> None:
        self._client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient("127.0.0.1", port)
        self._collection = self._client[name]["data_assets"]
        self._proxy = Proxy(port)
        self._held: Records = {}
        uri = f"{self._proxy.uri}/?serverMonitoringMode=poll&retryReads=false&socketTimeoutMS=5000"
        self.settings = {"SOURCE": uri, "DATABASE": name}
        self.environment: dict[str, str] = {}

    def close(self) -> None:
        self._client.drop_database(self._collection.database)  # the server holds all in memory
        self._client.close()
        self._proxy.close()

    def hold(self, records: Records) -> None:
        self._proxy.fault = lambda connection, chunk: "pass"
        changed = [
            pymongo.ReplaceOne({"_id": key}, record, upsert=True)
            for key, record in records.items()
            if self._held.get(key) != record
        ]
        gone = list(self._held.keys() - records.keys())
        if changed:
            self._collection.bulk_write(changed, ordered=False)
        if gone:
            self._collection.delete_many({"_id": {"$in": gone}})
        self._held = dict(records)

    def go_wrong(self, draw: random.Random) -> str:
        actions = draw.choice([("reset",), ("cut",), ("reset", "cut", 0.2)])
        self._proxy.fault = now_and_then(draw.randrange(10**9), draw.choice([0.02, 0.2]), *actions)
        return f"connections {actions}"


class Web:
    """The gateway."""

    def __init__(self, authority: Any, bundle: Path) -> None:
        authority.cert_pem.write_to_path(str(bundle))
        self._gateway = Gateway(authority, cap=5_000_000)
        self.settings = {"SOURCE": self._gateway.address}
        self.environment = {"REQUESTS_CA_BUNDLE": str(bundle)}

    def close(self) -> None:
        self._gateway.close()

    def hold(self, records: Records) -> None:
        self._gateway.fault = lambda number: None
        self._gateway.documents = dict(records)

    def go_wrong(self, draw: random.Random) -> str:
        rate = draw.choice([0.05, 0.3])
        faults = draw.choice([(500, 503), ("cut",), ("drop",), (429, 502, "cut", "drop")])
        self._gateway.fault = lambda number: draw.choice(faults) if draw.random() < rate else None
        return f"answers {faults}"


@dataclass
class Story:
    """What happens at one source and one lake.

    Attributes:
        draw: Draws what happens.
        source: The source.
        folder: The work folder, with all that belongs to the story.
        raw: Address of the lake.
        s3: What stands before the server of a lake on S3; None for a lake in a folder.
        records: What the source holds.
        versions: Every version of a record that it ever held.
        always: The records that it always held.
        log: What happened, a line each.
    """

    draw: random.Random
    source: Source
    folder: Path
    raw: str
    s3: S3Proxy | None = None
    records: Records = field(default_factory=dict)
    versions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    always: set[str] = field(default_factory=set)
    log: list[str] = field(default_factory=list)
    _seconds: float = 0.0
    _is_filled: bool = False

    def begin(self, count: int) -> None:
        """Fill the source, and read it in a night in which nothing goes wrong."""
        self._become(dict(map(_record, range(count))))
        began = time.monotonic()
        self.sound_night()
        self._seconds = time.monotonic() - began
        self._is_filled = True

    def night(self) -> None:
        """Something changes at the source, and something goes wrong."""
        self._change()
        happens = [self._killed, self._terminated, self._source_fails, self._disk_is_full]
        if self.s3 is not None:
            happens.append(self._store_fails)
        self.draw.choice(happens)()
        self._repair()
        self.check_between()

    def sound_night(self) -> None:
        """Nothing goes wrong: the lake becomes the source."""
        self._repair()
        code, output = self._run_unlocked("extract")
        assert code == 0, output
        held = self.held()
        assert held == self.records, self._difference(held)

    def quiet_night(self) -> None:
        """Nothing changes either: nothing is new, changed or deleted."""
        code, output = self._run_unlocked("extract", "--strict")
        assert code == 0, output
        assert " 0 new, 0 changed," in output, output
        assert " 0 deleted, 0 rejected" in output, output

    def check_between(self) -> None:
        """Nothing in the lake is false, and nothing is lost that the source always had."""
        held = self.held()
        false = [key for key, record in held.items() if record not in self.versions[key]]
        assert not false, (false[:3], self.log)
        lost = self.always - held.keys()
        assert not lost or not self._is_filled, (sorted(lost)[:3], len(lost), self.log)

    def held(self) -> Records:
        """What the lake holds."""
        if self.s3 is None:
            folder = Path(self.raw)
        else:
            from nights import pulled  # it needs the server

            folder = pulled(self.raw, self.folder / "copy")
        return documents(folder) if (folder / "docdb_v2" / "files.json").exists() else {}

    def run(
        self, *arguments: str, disk: int | None = None, end: tuple[int, float] | None = None
    ) -> tuple[int, str]:
        """Run a command.

        Args:
            arguments: The command.
            disk: Bytes that a file can have at most, as if the disk were full then.
            end: Signal to send, and after how many seconds.
        """
        settings = {
            "OBJECTS": "none",
            "WORK": str(self.folder / "work"),
            "RAW": self.raw,
            "ROOT": str(self.folder / "root"),
            "RETRY_SECONDS": "60",
            **self.source.settings,
        }
        rows = max(20, len(self.records) // 20)
        if arguments[0] in {"extract", "sync"}:
            bounds = {"group_rows": rows, "checkpoint_seconds": 1.0, "many_small": 6}
            arguments += ("--bounds", json.dumps(bounds), "--lease", str(LEASE))
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("BIODATA_CACHE_")}
        process = subprocess.Popen(
            [sys.executable, "-c", _CODE.format(disk=disk), *arguments],
            env={
                **inherited,
                **self.source.environment,
                "PYTHONPATH": str(PROJECT),
                **{f"BIODATA_CACHE_{name}": value for name, value in settings.items()},
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if end is not None:
            try:
                output = process.communicate(timeout=end[1])[0]
            except subprocess.TimeoutExpired:
                process.send_signal(end[0])
                output = process.communicate(timeout=IN_TIME)[0]
        else:
            output = process.communicate(timeout=1_800)[0]
        assert "Traceback" not in output, (output, self.log)
        return process.returncode, output

    def end_at_random(self, command: str, seconds: float) -> None:
        """Run a command that is killed, or terminated, at a random moment."""
        how = self.draw.choice([signal.SIGKILL, signal.SIGTERM])
        code, _ = self.run(command, end=(how, self.draw.uniform(0.0, seconds)))
        self._note(f"{command} ended by {how.name}", code)

    def _killed(self) -> None:
        moment = self.draw.uniform(0.3, 1.2 * self._seconds)
        code, _ = self.run("extract", end=(signal.SIGKILL, moment))
        self._note("killed", code)

    def _terminated(self) -> None:
        moment = self.draw.uniform(0.3, 1.2 * self._seconds)
        how = self.draw.choice([signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
        code, output = self.run("extract", end=(how, moment))
        self._note(f"terminated by {how.name}", code)
        # At the very beginning Python itself ends, without a word.
        is_locked = self.s3 is not None and "lock" in output
        assert code in {0, _INTERRUPTED, -how} or (code == 1 and is_locked), (how, code, output)

    def _source_fails(self) -> None:
        how = self.source.go_wrong(self.draw)
        code, output = self._run_unlocked("extract")
        self._note(f"source failed, {how}", code)
        assert code in {0, 1}, output

    def _disk_is_full(self) -> None:
        code, output = self._run_unlocked("extract", disk=int(10 ** self.draw.uniform(1, 5.5)))
        self._note("disk full", code)
        assert code in {0, 1}, output

    def _store_fails(self) -> None:
        assert self.s3 is not None
        draw, rate = self.draw, self.draw.choice([0.02, 0.2])
        faults = draw.choice([("503", "500"), ("drop",), ("drop_answer",), ("truncate", "drop")])
        self.s3.fault = lambda *_: draw.choice(faults) if draw.random() < rate else None
        code, output = self._run_unlocked("extract")
        self._note(f"store failed by {faults}", code)
        assert code in {0, 1}, output

    def _note(self, what: str, code: int) -> None:
        self.log.append(f"{what}: {code}")

    def _repair(self) -> None:
        self.source.hold(self.records)
        if self.s3 is not None:
            self.s3.reset()

    def _run_unlocked(self, *arguments: str, disk: int | None = None) -> tuple[int, str]:
        """Run a command, after the lock of one that was killed has ended."""
        end = time.monotonic() + 20 * LEASE
        while True:
            code, output = self.run(*arguments, disk=disk)
            if self.s3 is None or "lock" not in output or time.monotonic() > end:
                return code, output
            time.sleep(LEASE)

    def _change(self) -> None:
        """Some records come, some change, some go."""
        records, draw = dict(self.records), self.draw
        few = max(1, len(records) // draw.choice([100, 20, 5]))
        for key in draw.sample(sorted(records), few // 2):
            del records[key]
        for key in draw.sample(sorted(records), few):
            records[key] = _record(int(key[1:]), draw.randrange(1, 10**6))[1]
        first = 1 + max(int(key[1:]) for key in self.versions)
        records |= dict(_record(first + number) for number in range(few // 2))
        self._become(records)

    def _become(self, records: Records) -> None:
        for key, record in records.items():
            known = self.versions.setdefault(key, [])
            if record not in known[-1:]:
                known.append(record)
        self.always = self.always & records.keys() if self.records else set(records)
        self.records = records
        self.source.hold(records)

    def _difference(self, held: Records) -> object:
        missing = sorted(self.records.keys() - held.keys())
        extra = sorted(held.keys() - self.records.keys())
        other = sorted(k for k in held.keys() & self.records.keys() if held[k] != self.records[k])
        return (len(missing), missing[:3], len(extra), extra[:3], len(other), other[:3], self.log)


def _record(number: int, version: int = 0) -> tuple[str, dict[str, Any]]:
    """A record that has something for most tables, and takes some room."""
    draw = random.Random(f"{number} {version}")
    subject, modality = str(700_000 + number % 97), MODALITIES[number % len(MODALITIES)]
    name = f"{modality}_{subject}_2025-03-{1 + number % 28:02}_10-{number % 60:02}-{number:06}"
    status = {"evaluator": "me", "status": draw.choice(["Pass", "Fail", "Pending"])}
    status["timestamp"] = "2025-04-01T10:00:00+00:00"
    metrics = [
        {
            "object_type": "QC metric",
            "name": f"drift {each}",
            "modality": {"name": modality, "abbreviation": modality},
            "stage": "Raw data",
            "value": draw.random(),
            "status_history": [status],
            "tags": {"probe": f"p{each}"},
        }
        for each in range(3)
    ]
    record = {
        "_id": f"r{number:07}",
        "name": name,
        "location": f"s3://nowhere/{name}",
        "_created": "2025-03-28T10:00:00Z",
        "_last_modified": f"2025-05-01T10:00:00.{version:06}Z",
        "schema_version": "2.0.0",
        "subject": {"subject_id": subject, "subject_details": {"sex": "Male"}},
        "data_description": {
            "data_level": "raw",
            "project_name": f"project {number % 7}",
            "modalities": [{"name": modality, "abbreviation": modality}],
            "creation_time": f"2025-03-{1 + number % 28:02}T10:00:00+00:00",
        },
        "quality_control": {"metrics": metrics, "default_grouping": ["probe"]},
        "noise": draw.randbytes(draw.choice([10, 100, 1_000])).hex(),
    }
    return record["_id"], record
