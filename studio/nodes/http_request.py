"""What does the node do that asks a server over HTTP? One request, with a secret that stands elsewhere, and an answer of bounded size.

httpx is an extra, imported when the node runs. Whether it is tried again is the runtime's business, which `RequestFailed` tells what it needs.
"""

from __future__ import annotations

import asyncio
import email.utils
import functools
import importlib
import importlib.util
import os
import ssl
import sys
import time
from collections.abc import Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

from studio.kernel.errors import MissingPackage, NodeError, RequestFailed
from studio.kernel.problems import Problem, Severity
from studio.nodes.base import NodeContext, NodeType, Params
from studio.nodes.http_specs import HTTP_REQUEST, MOST_BYTES
from studio.workflow.params import is_dynamic

if TYPE_CHECKING:
    import httpx

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""What changes nothing (RFC 9110, 9.2.1)."""
_IDEMPOTENT: Final = SAFE | {"PUT", "DELETE"}
"""What may be asked twice (RFC 9110, 9.2.2)."""
_BUSY: Final = frozenset({429, 502, 503, 504})
_SILENCE_S: Final = 30.0
"""So long a server may say nothing."""
_MOST_REDIRECTS: Final = 10
_MOST_PASSED_OVER: Final = 16_384
_MOST_IDLE: Final = 20
"""So many connections are kept for the next request."""
_MOST_PAUSE_S: Final = 60.0
"""So long a server's Retry-After is waited for; what asks for more fails."""
_SHOWN: Final = 500
_SECRET_HEADERS: Final = ("authorization", "cookie", "token", "secret", "password", "api-key", "apikey")
_INSTALL: Final = "pip install 'dataflow-studio[http]'"
_SERVICE: Final = "studio"


class HttpRequestType(NodeType):
    __slots__ = ()

    async def run(self, ctx: NodeContext, params: Params) -> Any:
        try:
            if "httpx" not in sys.modules:
                # It takes a second the first time, which nobody else on the loop should wait for.
                await asyncio.to_thread(importlib.import_module, "httpx")
            import httpx
        except ImportError as error:
            raise MissingPackage("HTTPRequest needs the package httpx.", hint=f"{_INSTALL}.") from error
        _refuse(_url_problem(params["url"]))
        secret = _secret(params)
        client = ctx.shared(_client)
        try:
            return await self._answer(client, _request(client, params, secret), params, tuple(secret))
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
            raise _unmakeable(error) from error
        except httpx.DecodingError as error:
            raise NodeError("The answer cannot be unpacked: it is damaged.", detail=str(error)) from error
        except httpx.TransportError as error:
            raise _unreachable(error, params) from error

    async def _answer(
        self, client: httpx.AsyncClient, request: httpx.Request, params: Params, secret: tuple[str, ...]
    ) -> dict[str, Any]:
        import httpx

        cookies = httpx.Cookies()  # those of this one request and where it is sent on to
        for _ in range(_MOST_REDIRECTS + 1):
            response = await client.send(request, stream=True, follow_redirects=False)
            try:
                cookies.extract_cookies(response)
                following = response.next_request if params.get("follow_redirects", True) else None
                if following is None:
                    return await self._read(response, params)
                await _pass_over(response)
            finally:
                await response.aclose()
            if _origin(following.url) != _origin(request.url):
                for name in secret:
                    following.headers.pop(name, None)
            cookies.set_cookie_header(following)
            request = following
        raise NodeError(
            f"The server names one address after the other, more than {_MOST_REDIRECTS}.",
            hint="Check the address.",
            field="url",
        )

    async def _read(self, response: httpx.Response, params: Params) -> dict[str, Any]:
        content = await _bounded(response, params.get("max_bytes", MOST_BYTES))
        status = response.status_code
        if not _is_expected(status, params.get("expect_status")):
            may_repeat = status in _BUSY and (params.get("method") or "GET") in _IDEMPOTENT
            pause_s = _retry_after(response.headers.get("retry-after"))
            raise RequestFailed(
                f"{response.request.url.host} answered {status} {response.reason_phrase}.".replace(" .", "."),
                hint="See what it said in the details, or name the status in expect_status.",
                detail=content[:_SHOWN].decode(response.encoding or "utf-8", "replace"),
                is_worth_retrying=may_repeat and (pause_s is None or pause_s <= _MOST_PAUSE_S),
                pause_s=pause_s,
            )
        return {
            "body": _body(content, response, params.get("response", "auto")),
            "status": status,
            "headers": {name.lower(): value for name, value in response.headers.items()},
            "ok": response.is_success,
        }

    def output(self, value: Any, port: str) -> Any:
        return value[port]

    def rows(self, value: Any) -> int | None:
        return len(value["body"]) if isinstance(value["body"], list) else None

    def outside(self, params: Params) -> bool:
        return (params.get("method") or "GET") not in SAFE

    def check(self, params: Params) -> list[Problem]:
        found = [*_package_problem(), *_auth_problems(params), *_header_problems(params)]
        url = params.get("url")
        if isinstance(url, str) and not is_dynamic(url):
            found += [problem for problem in (_url_problem(url),) if problem is not None]
        if params.get("json") is not None and params.get("body") is not None:
            found.append(
                _problem(
                    "two-selections", "It sends JSON or a body, not both.", "Remove one of them.", "body"
                )
            )
        if params.get("retries") and params.get("method", "GET") not in _IDEMPOTENT:
            method = params.get("method")
            found.append(
                _problem(
                    "retries-of-writes",
                    f"{method} may not be asked twice, since the first may have been heard.",
                    "Take retries away.",
                    "retries",
                )
            )
        statuses = params.get("expect_status")
        for status in statuses if isinstance(statuses, list | tuple) else ():
            if not _is_status(status):
                hint = 'Write numbers, "4xx" or "any".'
                found.append(_problem("param-type", f"{status!r} is no status.", hint, "expect_status"))
        return found


# ------------------------------------------------------------------ what is asked


def _refuse(problem: Problem | None) -> None:
    if problem is not None:
        raise NodeError(problem.message, hint=problem.hint, field=problem.field)


def _client() -> httpx.AsyncClient:
    """What the requests of one run go through, so that they share connections; cookies are none of theirs."""
    import httpx

    return httpx.AsyncClient(
        timeout=httpx.Timeout(_SILENCE_S),
        verify=_certificates(),
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=_MOST_IDLE),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
    )


def _request(client: httpx.AsyncClient, params: Params, secret: Mapping[str, str]) -> httpx.Request:
    """Raises NodeError when there can be no such request."""
    import httpx

    try:
        url = httpx.URL(params["url"])
        if params.get("params"):
            url = url.copy_merge_params(_query(params["params"]))
        headers = httpx.Headers(
            {str(name): str(value) for name, value in (params.get("headers") or {}).items()}
        )
        content, kind = _content(params)
        headers.setdefault("user-agent", "Studio")
        if kind:
            headers.setdefault("content-type", kind)
        headers.update(secret)
        return client.build_request(params.get("method") or "GET", url, headers=headers, content=content)
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise _unmakeable(error) from error


def _query(given: Mapping[str, Any]) -> dict[str, Any]:
    from studio.nodes.file_formats import cell

    return {
        str(name): [cell(part) for part in value] if isinstance(value, list | tuple) else cell(value)
        for name, value in given.items()
        if value is not None
    }


def _content(params: Params) -> tuple[bytes | None, str]:
    """What is sent, and its type."""
    from studio.nodes.file_formats import cell, json_text, plain

    if params.get("json") is not None:
        return json_text(plain(params["json"])).encode(), "application/json"
    body = params.get("body")
    if body is None:
        return None, ""
    if isinstance(body, Mapping):
        form = urlencode({str(name): cell(value) for name, value in body.items()})
        return form.encode(), "application/x-www-form-urlencoded"
    if isinstance(body, bytes | bytearray):
        return bytes(body), "application/octet-stream"
    return str(body).encode(), "text/plain; charset=utf-8"


def _unmakeable(error: Exception) -> NodeError:
    return NodeError(f"The request cannot be made: {error}.", hint="Check url, params and headers.")


def _unreachable(error: httpx.TransportError, params: Params) -> RequestFailed:
    import httpx

    host = urlsplit(params["url"]).hostname
    is_silent = isinstance(error, httpx.TimeoutException)
    return RequestFailed(
        f"{host} did not answer within {_SILENCE_S:g} s." if is_silent else f"{host} cannot be reached.",
        hint="Check the address, and that the server runs.",
        detail=f"{type(error).__name__}: {error}",
        is_worth_retrying=(params.get("method") or "GET") in _IDEMPOTENT,
    )


def _secret(params: Params) -> dict[str, str]:
    """The header that carries the secret; raises NodeError when it is not where it should be."""
    import base64

    kind = params.get("auth", "none")
    if kind == "none":
        return {}
    secret = _kept(params.get("secret", "environment"), params.get("secret_name") or "")
    if kind == "bearer":
        return {"authorization": f"Bearer {secret}"}
    if kind == "basic":
        pair = f"{params.get('user') or ''}:{secret}".encode()
        return {"authorization": f"Basic {base64.b64encode(pair).decode()}"}
    return {str(params.get("auth_header") or "X-Api-Key").lower(): secret}


def _kept(place: str, name: str) -> str:
    if place == "environment":
        found = os.environ.get(name)
        if found is None:
            raise NodeError(
                f"The environment variable {name}, which holds the secret, is not set.",
                hint=f"Set {name} before starting Studio.",
                field="secret_name",
            )
        return found
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError as error:
        raise NodeError(
            "This machine has no keyring.", hint="Keep the secret in an environment variable.", field="secret"
        ) from error
    try:
        found = keyring.get_password(_SERVICE, name)
    except KeyringError as error:
        raise NodeError(
            "The keyring cannot be read.",
            hint="Unlock it, or keep the secret in an environment variable.",
            field="secret",
            detail=str(error),
        ) from error
    if found is None:
        raise NodeError(
            f"The keyring has no entry {name!r} for {_SERVICE}.",
            hint=f"Make it: keyring set {_SERVICE} {name}",
            field="secret_name",
        )
    return found


@functools.cache
def _certificates() -> ssl.SSLContext:
    """Made once: reading the certificates takes longer than most requests."""
    import httpx

    return httpx.create_ssl_context()


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


# ------------------------------------------------------------------ what is answered


async def _bounded(response: httpx.Response, most: int) -> bytes:
    """The answer, unpacked; raises NodeError as soon as it is longer than it may be."""
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > most:
            raise NodeError(
                f"The answer is longer than {most:,} bytes.",
                hint="Raise max_bytes, or ask for less.",
                field="max_bytes",
            )
        parts.append(part)
    return b"".join(parts)


async def _pass_over(response: httpx.Response) -> None:
    """Reads what stands beside the address of a redirect, if it is little: then the connection serves the next request."""
    size = 0
    async for part in response.aiter_raw():
        size += len(part)
        if size > _MOST_PASSED_OVER:
            return


def _body(content: bytes, response: httpx.Response, wanted: str) -> Any:
    import orjson

    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if wanted == "auto":
        is_json = kind == "application/json" or kind.endswith("+json")
        is_text = kind.startswith("text/") or kind in ("application/xml", "application/x-www-form-urlencoded")
        wanted = "json" if is_json else "text" if is_text else "bytes"
        if not content:
            return None
    if wanted == "bytes":
        return content
    if wanted == "text":
        return content.decode(response.encoding or "utf-8", "replace")
    try:
        return orjson.loads(content) if content else None
    except orjson.JSONDecodeError as error:
        raise NodeError(
            f"The answer is no JSON: {error}.",
            hint="Set response to text, and look at it.",
            field="response",
            detail=content[:_SHOWN].decode("utf-8", "replace"),
        ) from error


def _is_expected(status: int, wanted: Any) -> bool:
    if not wanted:
        return 200 <= status < 300
    return any(one in ("any", status, f"{status // 100}xx", str(status)) for one in wanted)


def _is_status(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return 100 <= value <= 599
    return isinstance(value, str) and (
        value == "any" or (len(value) == 3 and value[0] in "12345" and value[1:] == "xx")
    )


def _retry_after(value: str | None) -> float | None:
    """The seconds that a server asks to wait: it says them, or a date (RFC 9110, 10.2.3). None when it says neither."""
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


# ------------------------------------------------------------------ what is wrong before


def _problem(code: str, message: str, hint: str, field: str, severity: Severity = Severity.ERROR) -> Problem:
    return Problem(code=code, message=message, hint=hint, field=field, severity=severity)


@functools.cache
def _package_problem() -> tuple[Problem, ...]:
    if importlib.util.find_spec("httpx") is not None:
        return ()
    return (_problem("missing-package", "HTTPRequest needs the package httpx.", f"{_INSTALL}.", "url"),)


def _url_problem(url: str) -> Problem | None:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as error:
        return _problem(
            "bad-url", f"The address cannot be read: {error}.", "Write it like https://example.org.", "url"
        )
    if parts.scheme not in ("http", "https") or not host:
        return _problem(
            "bad-url", f"{url!r} is no address of a server.", "Begin it with https:// or http://.", "url"
        )
    if parts.password:
        hint = "Take it out, and use auth with a secret's name."
        return _problem("plain-secret", "The address holds a password.", hint, "url")
    return None


def _auth_problems(params: Params) -> list[Problem]:
    if params.get("auth", "none") == "none":
        return []
    found = []
    if not params.get("secret_name"):
        hint = "Name the environment variable or the keyring's entry."
        found.append(
            _problem("missing-param", "It is not said where the secret is kept.", hint, "secret_name")
        )
    if params["auth"] == "basic" and params.get("user") is None:
        found.append(_problem("missing-param", "It is not said who signs in.", "Give the user.", "user"))
    return found


def _header_problems(params: Params) -> list[Problem]:
    """A warning for each value that looks like a secret and stands in the project for all to read."""
    found = []
    for where in ("headers", "params"):
        given = params.get(where)
        for name, value in given.items() if isinstance(given, Mapping) else ():
            looks_secret = any(part in str(name).lower().replace("_", "-") for part in _SECRET_HEADERS)
            if looks_secret and isinstance(value, str) and value and not is_dynamic(value):
                found.append(
                    _problem(
                        "plain-secret",
                        f"{name!r} looks like a secret, and stands in the project for all to read.",
                        "Use auth with a secret's name, or an input of the workflow.",
                        where,
                        Severity.WARNING,
                    )
                )
    return found


HTTP_TYPES: Final[tuple[NodeType, ...]] = (HttpRequestType(HTTP_REQUEST),)
