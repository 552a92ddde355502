"""The jars of Hadoop's YARN."""
import maven

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


def ensure_yarn(version="3.3.6", say=print):
    """The folder with the jars of that version."""
    return maven.ensure("yarn", version, _fetch, "90 MB", say)


def _fetch(version, scratch):
    jars = maven.copy_jars([("org.apache.hadoop", artifact, version) for artifact in ARTIFACTS] + list(OTHERS), scratch)
    for pattern in UNWANTED:
        for jar in jars.glob(pattern):
            jar.unlink()
    return jars
