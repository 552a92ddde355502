#!/usr/bin/env python3
"""The corpora in the wrappings of container runtimes: the same events, with the same ids, as in the plain logs."""
import json

import run_support
import support
from run_support import CLOSING, WRAPPINGS, RunCase, rng, write
from support import DATA, SCALE


def about_the_event(document):
    """The parts of a document that do not depend on the carrier."""
    source = {key: value for key, value in document["source"].items() if key in ("offset", "invalidUtf8")}
    return {**{key: value for key, value in document.items() if key != "source"}, "source": source}


class Wrappings(RunCase):
    def logs_of_the_corpus(self):
        paths = [path for path in support.logs() if path.stat().st_size < (1 << 20) or SCALE > 1]
        return {str(path.relative_to(DATA)).replace("/", "-"): path for path in paths}

    def all_documents(self, name, wrap):
        """Documents of each log, by its name."""
        logs = self.folder / name
        files = self.logs_of_the_corpus()
        for log, path in files.items():
            write(logs / log, wrap([(b"stderr", path.read_bytes()), (b"stderr", CLOSING)]))
        runner = self.runner(logs / "*.log", name)
        runner.finish()
        found = {log: [] for log in files}
        for sink in ("file", "sqlite"):
            found[sink] = runner.delivered(sink)
        self.assertEqual(sorted(found["file"]), sorted(found["sqlite"]))
        for line in found["file"]:
            document = json.loads(line)
            found[document["source"]["path"].rpartition("/")[2]].append(document)
        return {log: found[log] for log in files}

    def test_corpora(self):
        plain = self.all_documents("plain", WRAPPINGS["plain"])
        for log, path in self.logs_of_the_corpus().items():
            # What `parse` makes of it, too.
            expected = support.parse(stdin=path.read_bytes() + CLOSING).documents
            self.assertEqual([about_the_event(d) for d in plain[log]], [about_the_event(d) for d in expected], log)
        self.assertGreater(sum(map(len, plain.values())), 200)
        for name in ("cri", "docker"):
            for largest in (16384, 333):
                with self.subTest(wrapping=name, largest=largest):
                    wrap = WRAPPINGS[name]
                    wrapped = self.all_documents(f"{name}{largest}", lambda parts: wrap(parts, largest=largest))
                    for log, documents in plain.items():
                        self.assertEqual(
                            [about_the_event(d) for d in wrapped[log]], [about_the_event(d) for d in documents], log
                        )

    def test_read_in_pieces_while_they_are_written(self):
        random = rng(self.id())
        text = b"".join(run_support.corpus(name) for name in ("3.5.9/fail.default", "4.3.0/basic.default")) + CLOSING
        expected = support.parse(stdin=text).documents
        for name, wrap in WRAPPINGS.items():
            with self.subTest(wrapping=name):
                path = self.folder / name / "0.log"
                runner = self.runner(path, f"{name}-run").start()
                for piece in run_support.cut_anywhere(wrap([(b"stderr", text)]), random, 65536):
                    write(path, piece, append=True)
                self.arrives(runner, [document["id"] for document in expected])
                runner.stop()
                got = run_support.documents(runner.lines())
                self.assertEqual([about_the_event(d) for d in got], [about_the_event(d) for d in expected])

    def test_two_streams_of_one_file_are_two_logs(self):
        random = rng(self.id())
        texts = {
            b"stdout": run_support.corpus("3.5.9/basic.default") + CLOSING,
            b"stderr": run_support.corpus("3.5.9/files.default") + CLOSING,
        }
        for name in ("cri", "docker"):
            with self.subTest(wrapping=name):
                # Each stream's lines in its order; between them as the scheduler likes it.
                waiting = {stream: WRAPPINGS[name]([(stream, text)], largest=1000).splitlines(True) for stream, text in texts.items()}
                lines = []
                while waiting:
                    stream = random.choice(sorted(waiting))
                    count = random.randrange(1, 20)
                    lines += waiting[stream][:count]
                    waiting[stream] = waiting[stream][count:]
                    if not waiting[stream]:
                        del waiting[stream]
                write(self.folder / name / "0.log", b"".join(lines))
                runner = self.runner(self.folder / name / "0.log", f"{name}-run")
                runner.finish()
                expected = [document for text in texts.values() for document in support.parse(stdin=text).documents]
                got = run_support.documents(runner.lines())
                self.assertEqual(
                    sorted(json.dumps(about_the_event(d), sort_keys=True) for d in got),
                    sorted(json.dumps(about_the_event(d), sort_keys=True) for d in expected),
                )

    def test_facts_of_the_path(self):
        """Namespace, pod and container, application and attempt are proven by where the file is."""
        text = run_support.corpus("3.5.9/avail.default") + CLOSING
        pod = "pods/etl_job-driver_0b1c2d3e-0000-4000-8000-000000000001/spark-kubernetes-driver/0.log"
        target = write(self.folder / pod, run_support.cri([(b"stderr", text)]))
        container = "a" * 64
        link = self.folder / "containers" / f"job-driver_etl_spark-kubernetes-driver-{container}.log"
        link.parent.mkdir()
        link.symlink_to(target)
        yarn = "nm/application_1537441422662_18819/container_e17_1537441422662_18819_01_000001/stderr"
        write(self.folder / yarn, text)
        for name, glob in (("link", link), ("pod", target), ("yarn", self.folder / "nm/*/*_000001/stderr")):
            with self.subTest(path=name):
                runner = self.runner(glob, name)
                runner.finish()
                documents = run_support.documents(runner.lines())
                self.assertEqual(len(documents), len(support.parse(stdin=text).documents))
                shown = json.dumps(documents[0])
                if name == "yarn":
                    self.assertEqual(documents[0]["appId"], "application_1537441422662_18819")
                    self.assertEqual(documents[0]["containerId"], "container_e17_1537441422662_18819_01_000001")
                    self.assertEqual(documents[0]["attempt"], 1)
                else:
                    for fact in ("etl", "job-driver", "spark-kubernetes-driver"):
                        self.assertIn(fact, shown.replace(str(self.folder), "").replace(documents[0]["source"]["path"], ""))


if __name__ == "__main__":
    support.main(workers=2)
