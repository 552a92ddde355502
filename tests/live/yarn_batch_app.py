"""Runs a job after the other until a file is there; writes down what each was.

    yarn_batch_app.py RECORD STOP
"""
import json
import sys
import time
from pathlib import Path

from pyspark import SparkContext


def main():
    record, stop = sys.argv[1], Path(sys.argv[2])
    context = SparkContext.getOrCreate()
    number = 0
    while not stop.exists():
        context.setJobGroup(f"group-{number}", f"job number {number}")
        counted = context.parallelize(range(100), 2).map(lambda x: (x % 5, 1)).reduceByKey(lambda a, b: a + b, 2).count()
        assert counted == 5
        info = context.statusTracker()
        with open(record, "a", encoding="utf-8") as file:
            for job in info.getJobIdsForGroup(f"group-{number}"):
                stages = sorted(info.getJobInfo(job).stageIds)
                file.write(json.dumps({"group": f"group-{number}", "job": job, "stages": stages}) + "\n")
        number += 1
        time.sleep(0.3)
    # Whoever reads the driver's answers has the time of a poll for the last ones.
    time.sleep(15)
    context.stop()


main()
