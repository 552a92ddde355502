"""OpenSearch, Elasticsearch and Solr, fetched by Maven once and kept in the user's cache."""

import fcntl
import re
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

import spark_env

# The genuine servers, with few modules: what their own projects test with.
ZIP = "org.{product}.distribution.integ-test-zip:{product}:{version}:zip"

# Solr's own test framework holds all of Solr, and a runner for it, which Jetty's XML starts.
SOLR_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>sparktail</groupId><artifactId>solr</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>
<dependency><groupId>org.apache.solr</groupId><artifactId>solr-test-framework</artifactId><version>@VERSION@</version></dependency>
<dependency><groupId>org.eclipse.jetty</groupId><artifactId>jetty-xml</artifactId><version>10.0.22</version></dependency>
</dependencies></project>
"""


def ensure_server(product, version, say=print):
    """The folder of that version: bin, config, lib. It comes into being by a rename, so what is there is whole."""
    if product not in ("opensearch", "elasticsearch"):
        raise spark_env.SetupError(f"not a search server: {product!r} (opensearch and elasticsearch are)")
    return _ensure(product, version, _fetch_zip, say)


def ensure_solr(version, say=print):
    """The folder with the jars of that version."""
    return _ensure("solr", version, _fetch_solr, say)


def _ensure(product, version, fetch, say):
    if not re.fullmatch(r"[0-9]+(\.[0-9]+){2}", version):
        raise spark_env.SetupError(f"not a version of {product}: {version!r} (one like 2.19.4 is)")
    folder = spark_env.cache_dir() / f"{product}-{version}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.parent / f"{folder.name}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            if not shutil.which("mvn"):
                raise spark_env.SetupError("no mvn found: run deploy/setup.sh --live")
            say(f"fetching {folder.name} by Maven into {folder} (some 60 to 90 MB, only this once)")
            with tempfile.TemporaryDirectory(prefix=f"{folder.name}-", dir=folder.parent) as scratch:
                fetch(product, version, Path(scratch)).rename(folder)
    return folder


def _fetch_zip(product, version, scratch):
    artifact = ZIP.format(product=product, version=version)
    _maven(f"{product} {version}", "dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={scratch}")
    with zipfile.ZipFile(next(scratch.glob("*.zip"))) as archive:
        for entry in archive.infolist():
            path = Path(archive.extract(entry, scratch))
            # extract() forgets which files are programs; and another user is to run them.
            path.chmod(0o755 if entry.is_dir() or entry.external_attr >> 16 & 0o100 else 0o644)
    return scratch / f"{product}-{version}"


def _fetch_solr(product, version, scratch):
    pom = scratch / "pom.xml"
    pom.write_text(SOLR_POM.replace("@VERSION@", version), "utf-8")
    jars = scratch / "jars"
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={jars}"]
    _maven(f"{product} {version}", "-f", pom, *goal)
    return jars


def _maven(what, *arguments):
    done = subprocess.run(["mvn", "-q", "-B", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise spark_env.SetupError(f"fetching {what} failed; the end of what Maven said:\n{tail}")
