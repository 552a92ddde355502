"""OpenSearch, Elasticsearch and Solr."""
import zipfile
from pathlib import Path

import maven
import spark_env

# The genuine servers, with few modules: what their own projects test with.
ZIP = "org.{product}.distribution.integ-test-zip:{product}:{version}:zip"
SIZE = "60 to 90 MB"


def ensure_server(product, version, say=print):
    """The folder of that version: bin, config, lib."""
    if product not in ("opensearch", "elasticsearch"):
        raise spark_env.SetupError(f"not a search server: {product!r} (opensearch and elasticsearch are)")
    return maven.ensure(product, version, lambda version, scratch: _fetch_zip(product, version, scratch), SIZE, say)


def ensure_solr(version, say=print):
    """The folder with the jars of that version."""
    return maven.ensure("solr", version, _fetch_solr, SIZE, say)


def _fetch_zip(product, version, scratch):
    artifact = ZIP.format(product=product, version=version)
    maven.maven("dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={scratch}")
    with zipfile.ZipFile(next(scratch.glob("*.zip"))) as archive:
        for entry in archive.infolist():
            path = Path(archive.extract(entry, scratch))
            # extract() forgets which files are programs; and another user is to run them.
            path.chmod(0o755 if entry.is_dir() or entry.external_attr >> 16 & 0o100 else 0o644)
    return scratch / f"{product}-{version}"


def _fetch_solr(version, scratch):
    # Solr's own test framework holds all of Solr, and a runner for it, which Jetty's XML starts.
    return maven.copy_jars(
        [("org.apache.solr", "solr-test-framework", version), ("org.eclipse.jetty", "jetty-xml", "10.0.22")], scratch
    )
