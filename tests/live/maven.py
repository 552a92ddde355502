"""Servers for the tests, fetched by Maven once and kept in the user's cache."""
import fcntl
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import spark_env


def ensure(product, version, fetch, size, say=print):
    """The folder of that version, which fetch(version, scratch) makes: it puts all into the folder `scratch` and returns what of it is to
    be kept. That comes into being by a rename, so what is there is whole. `size` is what users are told of the download."""
    if not re.fullmatch(r"[0-9]+(\.[0-9]+){2}", version):
        raise spark_env.SetupError(f"not a version of {product}: {version!r} (one like 3.3.6 is)")
    folder = spark_env.cache_dir() / f"{product}-{version}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.parent / f"{folder.name}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            if not shutil.which("mvn"):
                raise spark_env.SetupError("no mvn found: run deploy/setup.sh --live")
            say(f"fetching {folder.name} by Maven into {folder} (some {size}, only this once)")
            with tempfile.TemporaryDirectory(prefix=f"{folder.name}-", dir=folder.parent) as scratch:
                fetch(version, Path(scratch)).rename(folder)
    return folder


def copy_jars(artifacts, scratch):
    """A folder in `scratch` with the jars of these artifacts, (group, name, version) each, and of all that they need."""
    dependencies = "".join(
        f"<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version></dependency>\n"
        for group, name, version in artifacts
    )
    pom = scratch / "pom.xml"
    pom.write_text(
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>\n'
        "<groupId>sparktail</groupId><artifactId>jars</artifactId><version>1</version><packaging>pom</packaging>\n"
        f"<dependencies>\n{dependencies}</dependencies></project>\n",
        "utf-8",
    )
    jars = scratch / "jars"
    maven("-f", pom, "dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={jars}")
    for _, name, version in artifacts:
        if not (jars / f"{name}-{version}.jar").exists():
            raise spark_env.SetupError(f"Maven has not brought {name}-{version}.jar")
    return jars


def maven(*arguments):
    done = subprocess.run(["mvn", "-q", "-B", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise spark_env.SetupError(f"Maven failed; the end of what it said:\n{tail}")
