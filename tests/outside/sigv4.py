"""AWS Signature Version 4, recomputed from what came over the wire."""

import hashlib
import hmac
import re
from datetime import datetime, timedelta, timezone
from urllib.parse import quote, unquote

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, ?SignedHeaders=([\w;-]+), ?Signature=([0-9a-f]{64})"
)


def _hmac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _canonical_query(query):
    pairs = [pair.partition("=")[::2] for pair in query.split("&") if pair]
    return "&".join("=".join(quote(unquote(part), safe="-_.~") for part in pair) for pair in sorted(pairs))


def complaint(request, *, access_key, secret_key, region, service, session_token=None):
    """The mistake in a request's signature; "" if there is none."""
    match = AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if not match:
        return f"no signature: {request.headers.get('authorization')!r}"
    key_id, day, signed_region, signed_service, names, signature = match.groups()
    if (key_id, signed_region, signed_service) != (access_key, region, service):
        return f"signed as {key_id} for {signed_service} in {signed_region}"
    stamp = request.headers.get("x-amz-date", "")
    moment = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    if not stamp.startswith(day) or abs(datetime.now(timezone.utc) - moment) > timedelta(minutes=5):
        return f"signed at {stamp}, on {day}"
    names = names.split(";")
    must = {"host", "x-amz-date"}
    if session_token:
        must.add("x-amz-security-token")
    if service == "aoss":
        # Serverless refuses without.
        must.add("x-amz-content-sha256")
    if names != sorted(names) or not must <= set(names):
        return f"signed headers are {names}"
    if request.headers.get("x-amz-security-token") != session_token:
        return "the session's token is not the one given"
    body_hash = hashlib.sha256(request.body).hexdigest()
    if request.headers.get("x-amz-content-sha256", body_hash) != body_hash:
        return "x-amz-content-sha256 is not the hash of the body that was sent"
    headers = "".join(f"{name}:{re.sub(' +', ' ', request.headers[name].strip())}\n" for name in names)
    path = quote(request.path, safe="/-_.~")
    canonical = "\n".join([request.method, path, _canonical_query(request.query), headers, ";".join(names), body_hash])
    scope = f"{day}/{region}/{service}/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{secret_key}".encode()
    for part in (day, region, service, "aws4_request"):
        key = _hmac(key, part)
    if not hmac.compare_digest(_hmac(key, to_sign).hex(), signature):
        return f"the signature is another one of:\n{canonical}"
    return ""
