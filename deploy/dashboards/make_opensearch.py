#!/usr/bin/env python3
"""Writes opensearch.ndjson: index pattern, saved searches and a dashboard for OpenSearch Dashboards and Kibana.

    deploy/dashboards/make_opensearch.py            # writes the file beside this one
    deploy/dashboards/make_opensearch.py --check    # exit code 1 if the file differs from what this script would write

The format is that of Kibana 7.10, from which OpenSearch Dashboards was forked and which later Kibanas still accept. `sparktail setup`
imports the file with the sink's own names (sinks/opensearch/dashboards.cc): ids that begin with "sparktail-", the title of
the index pattern, and a mark at the end of the dashboard's description."""
import json
import sys
from pathlib import Path

FILE = Path(__file__).with_name("opensearch.ndjson")
INDICES = "monitor-yarn-*-*"
MARK = "[sparktail]"
MIGRATIONS = {"index-pattern": "7.6.0", "search": "7.9.3", "visualization": "7.10.0", "dashboard": "7.9.3"}
SOURCE = "kibanaSavedObjectMeta.searchSourceJSON"
PATTERN = "sparktail-indices"


def text(value):
    """Attributes of saved objects are JSON in a string."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def saved(kind, name, attributes, references=()):
    return {"id": f"sparktail-{name}", "type": kind, "attributes": attributes, "references": list(references),
            "migrationVersion": {kind: MIGRATIONS[kind]}}


def search_source(query):
    return {"searchSourceJSON": text({"query": {"query": query, "language": "kuery"}, "filter": [],
                                      "indexRefName": f"{SOURCE}.index"})}


def of_indices():
    return [{"name": f"{SOURCE}.index", "type": "index-pattern", "id": PATTERN}]


# --- saved searches

def search(name, title, query, columns, description):
    return saved("search", name, {
        "title": title, "description": description, "hits": 0, "columns": columns, "sort": [["@timestamp", "desc"]],
        "version": 1, "kibanaSavedObjectMeta": search_source(query)}, of_indices())


# --- visualizations

def metric(kind, field=None, label=None, **parameters):
    if field:
        parameters["field"] = field
    if label:
        parameters["customLabel"] = label
    return {"id": "1", "enabled": True, "type": kind, "schema": "metric", "params": parameters}


def over_time():
    return {"id": "2", "enabled": True, "type": "date_histogram", "schema": "segment",
            "params": {"field": "@timestamp", "interval": "auto", "drop_partials": False, "min_doc_count": 1,
                       "extended_bounds": {}}}


def by(field, missing, number="3", schema="group", size=10):
    return {"id": number, "enabled": True, "type": "terms", "schema": schema,
            "params": {"field": field, "orderBy": "_key", "order": "asc", "size": size, "otherBucket": False,
                       "missingBucket": missing is not None, "missingBucketLabel": missing or ""}}


def visualization(name, title, query, state, description):
    return saved("visualization", name, {
        "title": title, "description": description, "version": 1, "uiStateJSON": "{}",
        "visState": text(dict(state, title=title)), "kibanaSavedObjectMeta": search_source(query)}, of_indices())


def lines(name, title, query, measure, axis, description, kind="line", mode="normal", groups=None):
    axis_title = {"text": axis}
    series = {"show": True, "type": kind, "mode": mode, "data": {"label": axis, "id": "1"}, "valueAxis": "ValueAxis-1",
              "drawLinesBetweenPoints": True, "lineWidth": 2, "showCircles": kind == "line", "interpolate": "linear"}
    return visualization(name, title, query, {
        "type": kind,
        "aggs": [measure, over_time(), groups or by("metrics.name", "without a name")],
        "params": {
            "type": kind, "grid": {"categoryLines": False}, "addTooltip": True, "addLegend": True, "legendPosition": "right",
            "times": [], "addTimeMarker": False, "labels": {},
            "thresholdLine": {"show": False, "value": 10, "width": 1, "style": "full", "color": "#E7664C"},
            "categoryAxes": [{"id": "CategoryAxis-1", "type": "category", "position": "bottom", "show": True, "style": {},
                              "scale": {"type": "linear"}, "labels": {"show": True, "filter": True, "truncate": 100}, "title": {}}],
            "valueAxes": [{"id": "ValueAxis-1", "name": "LeftAxis-1", "type": "value", "position": "left", "show": True, "style": {},
                           "scale": {"type": "linear", "mode": "normal"},
                           "labels": {"show": True, "rotate": 0, "filter": False, "truncate": 100}, "title": axis_title}],
            "seriesParams": [series]}}, description)


def table(name, title, query, measures, groups, description):
    aggs = [dict(measure, id=str(number)) for number, measure in enumerate(measures, 1)]
    aggs += [dict(group, id=str(len(measures) + number)) for number, group in enumerate(groups, 1)]
    return visualization(name, title, query, {
        "type": "table", "aggs": aggs,
        "params": {"perPage": 10, "showPartialRows": False, "showMetricsAtAllLevels": False, "showTotal": False,
                   "totalFunc": "sum", "percentageCol": "", "sort": {"columnIndex": None, "direction": None}}}, description)


# --- the dashboard

def dashboard(name, title, panels, description):
    """`panels` are (saved object, x, y, width, height), on a grid 48 wide."""
    grid, references = [], []
    for number, (panel, x, y, width, height) in enumerate(panels, 1):
        grid.append({"version": "7.9.3", "panelIndex": str(number), "embeddableConfig": {}, "panelRefName": f"panel_{number}",
                     "gridData": {"x": x, "y": y, "w": width, "h": height, "i": str(number)}})
        references.append({"name": f"panel_{number}", "type": panel["type"], "id": panel["id"]})
    source = text({"query": {"query": "", "language": "kuery"}, "filter": []})
    return saved("dashboard", name, {
        "title": title, "description": description, "hits": 0, "version": 1, "panelsJSON": text(grid),
        "optionsJSON": text({"useMargins": True, "hidePanelTitles": False}), "timeRestore": True, "timeFrom": "now-24h",
        "timeTo": "now", "refreshInterval": {"pause": False, "value": 60000},
        "kibanaSavedObjectMeta": {"searchSourceJSON": source}}, references)


def objects():
    indices = saved("index-pattern", "indices", {"title": INDICES, "timeFieldName": "@timestamp"})
    batches = search(
        "batches", "Spark streams: batches", "kind:progress",
        ["appName", "metrics.name", "metrics.batchId", "metrics.numInputRows", "metrics.durationMs.triggerExecution", "derived.lagRows"],
        "Each batch of each query.")
    failures = search(
        "failures", "Spark streams: failures", "kind:query and query.phase:terminated",
        ["appName", "query.name", "error.class", "error.message"], "Queries that failed, and why.")
    signals = search(
        "signals", "Spark streams: signals", "kind:signal", ["appName", "severity", "rule", "message"],
        "Signals: other log lines that matter.")

    duration = lines(
        "duration", "Duration of batches, 95th percentile, by query", "kind:progress",
        metric("percentiles", "metrics.durationMs.triggerExecution", "ms", percents=[95]), "ms",
        "If this grows, the query falls behind.")
    rows = lines(
        "rows", "Rows by query", "kind:progress", metric("sum", "metrics.numInputRows", "rows"), "rows",
        "What came in.", kind="histogram", mode="stacked")
    rate = lines(
        "rate", "Rows a second processed, by query", "kind:progress",
        metric("avg", "metrics.processedRowsPerSecond", "rows/s"), "rows/s",
        "The capacity of a query. Compare it with the rows that arrive.")
    lag = lines(
        "lag", "Rows behind the sources, by query", "kind:progress", metric("max", "derived.lagRows", "rows"), "rows",
        "Kafka sources, at the start of the trigger.")
    state = lines(
        "state", "Bytes of state by query", "kind:progress", metric("max", "derived.stateBytes", "bytes"), "bytes",
        "If this grows without bound, a watermark is missing.")
    watermark = lines(
        "watermark", "Watermark behind the trigger, by query", "kind:progress",
        metric("max", "derived.watermarkDelayMs", "ms"), "ms", "Growing: late data, or none.")
    events = lines(
        "events", "Failures and signals", "kind:signal or (kind:query and query.phase:terminated)",
        metric("count", label="events"), "events", "When something went wrong.", kind="histogram", mode="stacked",
        groups=by("kind", None))
    queries = table(
        "queries", "Queries", "kind:progress",
        [metric("max", "@timestamp", "last batch"), metric("count", label="batches"),
         metric("percentiles", "metrics.durationMs.triggerExecution", "duration, ms", percents=[95]),
         metric("sum", "metrics.numInputRows", "rows")],
        [by("appName", "without a name", schema="bucket", size=50), by("metrics.name", "without a name", schema="bucket", size=50)],
        "A query without new batches is stopped, or idle.")

    overview = dashboard(
        "overview", "Spark streams",
        [(queries, 0, 0, 28, 15), (events, 28, 0, 20, 15),
         (duration, 0, 15, 24, 13), (rows, 24, 15, 24, 13),
         (lag, 0, 28, 24, 13), (rate, 24, 28, 24, 13),
         (state, 0, 41, 24, 13), (watermark, 24, 41, 24, 13),
         (failures, 0, 54, 48, 13), (signals, 0, 67, 48, 13)],
        f"Streaming queries of Spark, from the logs of their drivers. Installed by sparktail setup, whose next version may replace "
        f"it: save a changed one under another name. {MARK}")
    return [indices, batches, failures, signals, duration, rows, rate, lag, state, watermark, events, queries, overview]


def main():
    content = "".join(text(one) + "\n" for one in objects())
    if sys.argv[1:] == ["--check"]:
        return 0 if FILE.exists() and FILE.read_text(encoding="utf-8") == content else 1
    FILE.write_text(content, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
