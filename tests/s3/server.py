"""A real S3 server for the tests: versitygw over HTTP on loopback, with users and policies."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

ROOT_KEY, ROOT_SECRET = "test-root", "test-root-secret"
READER_KEY, READER_SECRET = "test-reader", "test-reader-secret"
REGION = "us-west-2"
INSTALLER = Path(__file__).resolve().parents[2] / "scripts/install_s3_server.sh"


def binary() -> Path:
    """The server's binary as `scripts/install_s3_server.sh` leaves it."""
    found = re.search(r"^version=(\S+)$", INSTALLER.read_text(), re.MULTILINE)
    assert found is not None
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = os.environ.get("BIODATA_TEST_TOOLS") or Path(cache) / "biodata-cache-tools"
    return Path(folder) / f"versitygw-{found[1]}"


def reason_for_none() -> str | None:
    """Why there is no server; None if there is one."""
    if not binary().exists():
        return "there is no S3 server: run make servers"
    try:
        with tempfile.NamedTemporaryFile() as file:
            os.setxattr(file.name, "user.test", b"1")
    except (OSError, AttributeError) as error:
        return f"versitygw needs a temporary folder with extended attributes ({error})"
    return None


@dataclass
class Server:
    """A server that is running."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    scheme: str = "http"

    @property
    def endpoint(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What makes the tools of AWS come here, as the owner of all."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": ROOT_KEY,
            "AWS_SECRET_ACCESS_KEY": ROOT_SECRET,
        }

    def client(self, key: str = ROOT_KEY, secret: str = ROOT_SECRET) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            region_name=REGION,
            config=Config(s3={"addressing_style": "path"}),
        )

    def new_bucket(self, name: str, *, readers: str | None = None) -> None:
        """A bucket; `readers` is who may read it: `*` for everyone, or a key."""
        client = self.client()
        client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        if readers is not None:
            statement = {
                "Effect": "Allow",
                "Principal": "*" if readers == "*" else {"AWS": [readers]},
                "Action": ["s3:GetObject", "s3:ListBucket"],
                "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
            }
            policy = {"Version": "2012-10-17", "Statement": [statement]}
            client.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)


def start_with_tls(certificate: Path, key: Path) -> Server:
    """A server with no buckets that speaks HTTPS with this certificate and its key.

    It keeps no connection: of kept ones versitygw now and then cannot parse a request over TLS.
    """
    return _started("https", "--cert", str(certificate), "--key", str(key))


def start() -> Server:
    """A server with no buckets, and with a user who owns nothing."""
    server = _started("http", "--keep-alive")
    subprocess.run(
        [
            str(binary()), "admin", "--access", ROOT_KEY, "--secret", ROOT_SECRET,
            "--endpoint-url", server.endpoint, "--region", REGION,
            "create-user", "--access", READER_KEY, "--secret", READER_SECRET, "--role", "user",
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return server


def _started(scheme: str, *options: str) -> Server:
    folder = Path(tempfile.mkdtemp(prefix="s3-server-"))
    (folder / "data").mkdir()
    (folder / "users").mkdir()
    port = free_port()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                str(binary()), "--port", f"127.0.0.1:{port}", "--quiet",
                "--region", REGION, "--iam-dir", str(folder / "users"), *options,
                "posix", str(folder / "data"),
            ],
            env={**os.environ, "ROOT_ACCESS_KEY": ROOT_KEY, "ROOT_SECRET_KEY": ROOT_SECRET},
            stdout=log,
            stderr=log,
        )  # fmt: skip
    server = Server(folder, port, process, scheme)
    _wait(server)
    return server


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(server: Server) -> None:
    deadline = time.monotonic() + 20
    with socket.socket() as probe:
        while probe.connect_ex(("127.0.0.1", server.port)):
            if time.monotonic() > deadline or server.process.poll() is not None:
                raise RuntimeError((server.folder / "log").read_text())
            time.sleep(0.05)
