"""A query that runs until a file is there; a listener writes down all progress that Spark reports.

    yarn_streaming_app.py RECORD STOP
"""
import sys
import time
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql.streaming import StreamingQueryListener

# What a log has to carry unharmed: other scripts, entities of HTML, quotes.
NAME = "заказы-naïve-日本-😀 <b>&\"q\"'"


class Recorder(StreamingQueryListener):
    def __init__(self, path):
        super().__init__()
        self._path = path

    def onQueryStarted(self, event):
        pass

    def onQueryProgress(self, event):
        with open(self._path, "a", encoding="utf-8") as file:
            file.write(event.progress.json.replace("\n", "") + "\n")

    def onQueryIdle(self, event):
        pass

    def onQueryTerminated(self, event):
        pass


def main():
    record, stop = sys.argv[1], Path(sys.argv[2])
    spark = SparkSession.builder.getOrCreate()
    spark.sparkContext.setLogLevel("INFO")
    spark.streams.addListener(Recorder(record))
    rows = spark.readStream.format("rate").option("rowsPerSecond", 20).load()
    query = rows.writeStream.format("noop").queryName(NAME).trigger(processingTime="1 second").start()
    number = 0
    while not stop.exists() and query.isActive:
        # Another writer in the same log.
        print(f"PYLINE {number:06d} <tag attr=\"v\">&amp; 'naïve' 日本 😀\ttab", file=sys.stderr, flush=True)
        number += 1
        time.sleep(0.25)
    query.stop()
    spark.stop()


main()
