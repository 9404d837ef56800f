"""Keep a folder in a bucket: S3, or whatever speaks its protocol (MinIO, Ceph, R2, ...).

    python back_up_to_bucket.py ~/docs s3://bucket/docs [https://minio.example]

Needs `pip install 'syncfs[filesystems]'`. The keys are looked up as AWS' own tools do; where the
environment has AWS_SECRET_ACCESS_KEY, that is used. What was removed from the folder goes to the
bucket's trash (.syncfs/trash) for 30 days. A service that heeds conditions (If-None-Match, If-Match) is
sent them: then an object that somebody else has put there meanwhile is never overwritten.
"""

import os
import sys

from syncfs import Syncer


def main(folder: str, url: str, endpoint_url: str = "") -> None:
    options = {"endpoint_url": endpoint_url} if endpoint_url else {}
    if "AWS_SECRET_ACCESS_KEY" in os.environ:
        options |= {"key": "env:AWS_ACCESS_KEY_ID", "secret": "env:AWS_SECRET_ACCESS_KEY"}
    report = Syncer(folder, url, dst_options=options, delete="synced").push()
    print(f"{report.copied} copied, {report.removed} removed, {report.bytes_transferred} bytes")
    report.raise_for_problems()


if __name__ == "__main__":
    main(*sys.argv[1:])
