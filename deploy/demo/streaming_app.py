"""A Structured Streaming application with three queries and a listener that records everything that Spark reports.

    spark-submit streaming_app.py RECORD DIRECTORY [PROGRESS [SEEN]]

RECORD     the file for the listener's record, one JSON object a line
DIRECTORY  an empty folder for checkpoints
PROGRESS   how many progress events each lasting query must emit (default 3)
SEEN       a file to wait for before the queries stop; the reader of the log creates it

It exits by itself when both lasting queries have made their progress and the third one has failed as intended.
"""
import json
import sys
import threading
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming import StreamingQueryListener

# A name that must pass through a log unchanged: other scripts, quotes, a backslash, a tab, a bracket.
WINDOWED_NAME = 'замовлення "за вікнами"\t\\ 注文 ['


class Recorder(StreamingQueryListener):
    """Records each event, and lets the main thread wait for progress and ends."""

    def __init__(self, path):
        super().__init__()
        self._file = open(path, "w", encoding="utf-8")
        self._changed = threading.Condition()
        self._progress = {}
        self._ended = set()

    def onQueryStarted(self, event):
        self._write({"event": "started", "id": str(event.id), "runId": str(event.runId), "name": event.name})

    def onQueryProgress(self, event):
        progress = event.progress.json
        self._write({"event": "progress", "json": progress})
        with self._changed:
            run = str(event.progress.runId)
            self._progress[run] = self._progress.get(run, 0) + 1
            self._changed.notify_all()

    def onQueryIdle(self, event):
        self._write({"event": "idle", "id": str(event.id), "runId": str(event.runId)})

    def onQueryTerminated(self, event):
        record = {"event": "terminated", "id": str(event.id), "runId": str(event.runId), "exception": event.exception}
        self._write(record)
        with self._changed:
            self._ended.add(str(event.runId))
            self._changed.notify_all()

    def wait_for_progress(self, query, count):
        run = str(query.runId)
        with self._changed:
            self._changed.wait_for(lambda: self._progress.get(run, 0) >= count or run in self._ended)

    def wait_for_end(self, query):
        with self._changed:
            self._changed.wait_for(lambda: str(query.runId) in self._ended)

    def _write(self, record):
        self._file.write(json.dumps(record, ensure_ascii=False) + "\n")
        self._file.flush()


def rate(spark, rows_per_second):
    return spark.readStream.format("rate").option("rowsPerSecond", rows_per_second).option("numPartitions", 2).load()


def start(frame, name, checkpoint, mode="append"):
    writer = frame.writeStream.format("noop").outputMode(mode).option("checkpointLocation", str(checkpoint))
    if name:
        writer = writer.queryName(name)
    return writer.trigger(processingTime="1 second").start()


def start_plain(spark, directory):
    return start(rate(spark, 50), "orders", directory / "orders")


def start_windowed(spark, directory):
    window = F.window("timestamp", "2 seconds")
    counts = rate(spark, 20).withWatermark("timestamp", "2 seconds").groupBy(window, F.expr("value % 5")).count()
    return start(counts, WINDOWED_NAME, directory / "windowed", "update")


def start_fragile(spark, directory):
    """A query without a name that dies of its data once it has made some progress."""
    priced = F.expr("if(value < 20, value, raise_error(concat('order ', value, ' has no price')))")
    return start(rate(spark, 10).select(priced.alias("price")), None, directory / "fragile")


def main():
    record, directory = sys.argv[1], Path(sys.argv[2])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    seen = Path(sys.argv[4]) if len(sys.argv) > 4 else None
    spark = SparkSession.builder.appName("sparktail-demo").getOrCreate()
    recorder = Recorder(record)
    spark.streams.addListener(recorder)

    lasting = [start_plain(spark, directory), start_windowed(spark, directory)]
    fragile = start_fragile(spark, directory)
    recorder.wait_for_end(fragile)
    for query in lasting:
        recorder.wait_for_progress(query, count)
    # So an event that only comes out when the log ends is noticed: the log does not end before it.
    while seen and not seen.exists() and not lasting[0].awaitTermination(0.5):
        pass
    for query in lasting:
        query.stop()
        recorder.wait_for_end(query)
    spark.stop()


main()
