"""The jars of Hadoop's YARN, fetched by Maven once and kept in the user's cache."""
import fcntl
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import spark_env

ARTIFACTS = (
    "hadoop-common",
    "hadoop-yarn-server-resourcemanager",
    "hadoop-yarn-server-nodemanager",
    "hadoop-yarn-server-applicationhistoryservice",
    # Without it the ResourceManager misses a class.
    "hadoop-yarn-server-timelineservice",
    "hadoop-yarn-client",
    "hadoop-mapreduce-client-hs",
    "hadoop-hdfs-client",
)
# What the server of ZooKeeper needs, and Hadoop's does not bring.
OTHERS = (("org.xerial.snappy", "snappy-java", "1.1.10.5"), ("io.dropwizard.metrics", "metrics-core", "3.2.4"))
# Two bindings for one log are one too many: reload4j is there.
UNWANTED = ("log4j-1.2*.jar", "slf4j-log4j12-*.jar")


def _dependency(group, artifact, version):
    return f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version></dependency>"


def ensure_yarn(version="3.3.6", say=print):
    """The folder with the jars of that version. It comes into being by a rename, so what is there is whole."""
    if not re.fullmatch(r"[0-9]+(\.[0-9]+){2}", version):
        raise spark_env.SetupError(f"not a version of Hadoop: {version!r} (one like 3.3.6 is)")
    folder = spark_env.cache_dir() / f"yarn-{version}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.parent / f"yarn-{version}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _fetch(version, folder, say)
    return folder


def _fetch(version, folder, say):
    if not shutil.which("mvn"):
        raise spark_env.SetupError("no mvn found: run deploy/setup.sh --live")
    say(f"fetching YARN {version} by Maven into {folder} (some 90 MB, only this once)")
    dependencies = [_dependency("org.apache.hadoop", artifact, version) for artifact in ARTIFACTS]
    dependencies += [_dependency(*other) for other in OTHERS]
    with tempfile.TemporaryDirectory(prefix=f"{folder.name}-", dir=folder.parent) as scratch:
        pom = Path(scratch, "pom.xml")
        pom.write_text(
            '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>\n'
            "<groupId>sparktail</groupId><artifactId>yarn</artifactId><version>1</version><packaging>pom</packaging>\n"
            f"<dependencies>{''.join(dependencies)}</dependencies></project>\n",
            "utf-8",
        )
        jars = Path(scratch, "jars")
        goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={jars}"]
        done = subprocess.run(
            ["mvn", "-q", "-B", "-f", pom, *goal], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if done.returncode or not any(jars.glob("hadoop-yarn-server-resourcemanager-*.jar")):
            tail = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
            raise spark_env.SetupError(f"fetching YARN {version} failed; the end of what Maven said:\n{tail}")
        for pattern in UNWANTED:
            for jar in jars.glob(pattern):
                jar.unlink()
        jars.rename(folder)
