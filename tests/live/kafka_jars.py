"""The jars of Apache Kafka, fetched by Maven once and kept in the user's cache."""
import fcntl
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import spark_env

# kafka_2.13 brings no binding for slf4j: without one the broker says nothing.
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>sparktail</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>@VERSION@</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
</dependencies></project>
"""


def ensure_kafka(version, say=print):
    """The folder with the jars of that version. It comes into being by a rename, so what is there is whole."""
    if not re.fullmatch(r"[0-9]+(\.[0-9]+){2}", version):
        raise spark_env.SetupError(f"not a version of Kafka: {version!r} (one like 4.1.0 is)")
    folder = spark_env.cache_dir() / f"kafka-{version}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.parent / f"kafka-{version}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _fetch(version, folder, say)
    return folder


def _fetch(version, folder, say):
    if not shutil.which("mvn"):
        raise spark_env.SetupError("no mvn found: run deploy/setup.sh --live")
    say(f"fetching Kafka {version} by Maven into {folder} (some 45 MB, only this once)")
    with tempfile.TemporaryDirectory(prefix=f"{folder.name}-", dir=folder.parent) as scratch:
        pom = Path(scratch, "pom.xml")
        pom.write_text(POM.replace("@VERSION@", version), "utf-8")
        jars = Path(scratch, "jars")
        goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={jars}"]
        done = subprocess.run(
            ["mvn", "-q", "-B", "-f", pom, *goal], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if done.returncode or not any(jars.glob("kafka_2.13-*.jar")):
            tail = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
            raise spark_env.SetupError(f"fetching Kafka {version} failed; the end of what Maven said:\n{tail}")
        jars.rename(folder)
