"""DStreams, a batch a second, until a file is there.

    yarn_dstream_app.py STOP
"""
import sys
import time
from pathlib import Path

from pyspark import SparkContext
from pyspark.streaming import StreamingContext


def count(rdd):
    # What it returned would be an error.
    rdd.count()


def main():
    stop = Path(sys.argv[1])
    context = SparkContext.getOrCreate()
    context.setLogLevel("INFO")
    streaming = StreamingContext(context, 1)
    queue = [context.parallelize(range(number, number + 50), 2) for number in range(500)]
    words = streaming.queueStream(queue).map(lambda x: (x % 3, 1)).reduceByKey(lambda a, b: a + b, 2)
    words.foreachRDD(count)
    streaming.start()
    while not stop.exists():
        time.sleep(0.2)
    # Whoever reads the driver's answers has the time of a poll for the last ones.
    streaming.stop(stopSparkContext=False, stopGraceFully=False)
    time.sleep(10)
    context.stop()


main()
