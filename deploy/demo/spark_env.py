"""A Java and a Spark for tests and the demo: finds a Java, and installs Spark or another package from PyPI, once."""
import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

# The versions on which both Spark 3.5 and Spark 4 start, the preferred one first.
JAVA_VERSIONS = ("17", "21")


class SetupError(Exception):
    """Something is missing that the caller can install; the message names it."""


@dataclass(frozen=True)
class Spark:
    version: str
    python: Path
    home: Path
    java_home: Path


def cache_dir() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "sparktail"


def java_version(java_home: Path) -> str:
    """The major version of the Java in a folder, or "" if there is none."""
    if not os.access(java_home / "bin" / "java", os.X_OK):
        return ""
    with contextlib.suppress(OSError):
        found = re.search(r'^JAVA_VERSION="(\d+)', (java_home / "release").read_text(errors="replace"), re.M)
        if found:
            return found.group(1)
    shown = subprocess.run([java_home / "bin" / "java", "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d+)', shown.stderr)
    return found.group(1) if found else ""


def find_java() -> Path:
    candidates = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    on_path = shutil.which("java")
    if on_path:
        candidates.append(Path(on_path).resolve().parent.parent)
    candidates += sorted(Path("/usr/lib/jvm").glob("*"))
    versions = {home: java_version(home) for home in candidates}
    for wanted in JAVA_VERSIONS:
        for home in candidates:
            if versions[home] == wanted:
                return home
    raise SetupError("no Java 17 or 21 found: run deploy/setup.sh --live")


def ensure_spark(version: str, say=print) -> Spark:
    """The Spark of that version, in its own virtual environment, which later runs reuse."""
    if not re.fullmatch(r"[0-9]+(\.[0-9]+){2}(\.?[a-z]+[0-9]+)?", version):
        raise SetupError(f"not a Spark version: {version!r} (give one such as 3.5.9)")
    java_home = find_java()
    venv = ensure_package(f"spark-{version}", f"pyspark=={version}", "some 400 MB", say)
    # The folder's name contains the Python version of the environment.
    home = next(venv.glob("lib/python3*/site-packages/pyspark"))
    return Spark(version, venv / "bin" / "python", home, java_home)


def ensure_package(name: str, requirement: str, size: str, say=print) -> Path:
    """A virtual environment with a package from PyPI; `name` is its folder in the cache."""
    venv = cache_dir() / name
    venv.parent.mkdir(parents=True, exist_ok=True)
    with open(venv.parent / f"{name}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (venv / "complete").exists():
            say(f"installing {requirement} from PyPI into {venv} ({size}, only this once)")
            install(requirement, venv)
    return venv


def install(requirement: str, venv: Path) -> None:
    shutil.rmtree(venv, ignore_errors=True)
    log = venv.parent / f"{venv.name}.log"
    with open(log, "w", encoding="utf-8") as output:
        for command in (
            [sys.executable, "-m", "venv", venv],
            [venv / "bin" / "python", "-m", "pip", "install", "--disable-pip-version-check", requirement],
        ):
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False)
            if done.returncode:
                tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
                raise SetupError(f"installing {requirement} failed; the end of {log}:\n{tail}")
    (venv / "complete").touch()


def submit_command(spark: Spark, app: Path, arguments: list, scratch: Path) -> tuple[list, dict]:
    """Command line and environment to start an application with spark-submit, on this machine only."""
    java_options = [
        "-Dfile.encoding=UTF-8",
        "-Duser.timezone=UTC",
        f"-Djava.io.tmpdir={scratch}",
        "-XX:TieredStopAtLevel=1",  # a short run never earns back the second compiler
        "-XX:+UseSerialGC",
        "-Xss2m",
    ]
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.local.dir": scratch,
        "spark.sql.warehouse.dir": scratch / "warehouse",
        "spark.sql.shuffle.partitions": "2",
    }
    # spark-submit, not `python app.py`, which starts with level WARN and logs no progress.
    command = [spark.home / "bin" / "spark-submit", "--master", "local[2]", "--driver-memory", "1g"]
    command += ["--driver-java-options", " ".join(java_options)]
    for key, value in settings.items():
        command += ["--conf", f"{key}={value}"]
    # Settings for another Spark, Hadoop or Java must not affect this one.
    environment = {
        key: value
        for key, value in os.environ.items()
        if not re.match(r"SPARK_|HADOOP_|PYSPARK_|PYTHON|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS", key)
    }
    environment.update(
        JAVA_HOME=str(spark.java_home),
        SPARK_HOME=str(spark.home),
        SPARK_LOCAL_IP="127.0.0.1",
        SPARK_LOCAL_HOSTNAME="localhost",
        PYSPARK_PYTHON=str(spark.python),
        PYSPARK_DRIVER_PYTHON=str(spark.python),
        PYTHONUTF8="1",
    )
    return [str(part) for part in [*command, app, *arguments]], environment
