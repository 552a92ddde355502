"""docs/history.md: `sparktail run` fills a history with real logs, and every query of the page answers."""
import json
import re
import sqlite3
import tempfile
import unittest
from pathlib import Path

import run_support
import support

PAGE = (support.ROOT / "docs" / "history.md").read_text()
# It died when SparkContext did, which was too late for the listener.
ONLY_IN_LOG = {"b7203659-5d3e-4c4e-bc94-268ecf08d905"}
BLOCKS = re.findall(r"^```sql\n(.*?)^```$", PAGE, re.M | re.S)


def unfinished():
    """The log of a driver that was killed years ago, in the middle of an event."""
    text = run_support.corpus("3.5.9/basic.default", number=7)
    text = re.sub(rb"\b26/(?=\d\d/\d\d )", b"18/", re.sub(rb"\b2026-", b"2018-", text))
    return text[: text.index(b'"stateOperators"', text.index(b'"batchId" : 2'))]


class History(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        logs = Path(folder.name, "logs")
        for number, log in enumerate(support.logs()):
            run_support.write(logs / f"{number}-{log.name}", log.read_bytes())
        run_support.write(logs / "killed.log", unfinished())
        cls.runner = run_support.Runner(Path(folder.name, "run"), [logs / "*.log"])
        cls.addClassCleanup(cls.runner.kill)
        cls.runner.start_until_marker().finish()
        cls.history = sqlite3.connect(f"file:{cls.runner.database}?mode=ro", uri=True)
        cls.addClassCleanup(cls.history.close)

    def test_every_query_answers(self):
        self.assertGreater(len(BLOCKS), 14)
        for sql in BLOCKS:
            with self.subTest(sql=sql):
                rows = self.history.execute(sql).fetchall()
                self.assertTrue(rows, "no rows")
                self.assertLessEqual({type(value) for row in rows for value in row}, {str, int, float, type(None)})

    def test_documents_are_those_of_the_file_sink(self):
        with open(self.runner.output, encoding="utf-8") as lines:
            delivered = {json.loads(line)["id"]: line.rstrip("\n") for line in lines}
        self.assertGreater(len(delivered), 500)
        self.assertEqual(dict(self.history.execute("SELECT id, document FROM events")), delivered)

    def test_columns_are_what_the_documents_say(self):
        for document, kind, time, environment, offset, query_id, run_id, name, batch, rows, duration, phase, error in (
            self.history.execute(
                "SELECT document, kind, time, environment, source_offset, query_id, run_id, query_name, batch_id,"
                " input_rows, duration_ms, phase, error_class FROM events"
            )
        ):
            event = json.loads(document)
            progress = event.get("metrics", {})
            query = progress or event.get("query", {})
            self.assertEqual(
                (kind, time, environment, offset, query_id, run_id, name, batch, rows, duration, phase, error),
                (
                    event["kind"],
                    event.get("@timestamp"),
                    event["environment"],
                    event["source"]["offset"],
                    query.get("id"),
                    query.get("runId"),
                    query.get("name"),
                    query.get("batchId"),
                    progress.get("numInputRows"),
                    progress.get("durationMs", {}).get("triggerExecution"),
                    query.get("phase"),
                    event.get("error", {}).get("class"),
                ),
            )

    def test_deaths_are_those_of_spark(self):
        """Spark's own account of the queries that ended with an exception."""
        died = {
            event["runId"]
            for log in support.logs()
            for event in support.listener_events(log, "QueryTerminatedEvent")
            if event.get("exception")
        }
        found = {run for (run,) in self.history.execute("SELECT run_id FROM runs WHERE how = 'terminated'")}
        self.assertTrue(died)
        self.assertEqual(found, died | ONLY_IN_LOG)


if __name__ == "__main__":
    support.main()
