"""How does the node look that asks a server over HTTP? `http_request` does the work."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from studio.nodes.base import COMMON
from studio.workflow.spec import NodeSpec, ParamSpec, PortSpec
from studio.workflow.types import ANY, PortType

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
MOST_BYTES: Final = 10_000_000
_TEXT: Final = PortType(kind="str")
_DICT: Final = PortType(kind="dict")
_BOOL: Final = PortType(kind="bool")
_COUNT: Final = PortType(kind="int")

HTTP_REQUEST: Final = NodeSpec(
    type="HTTPRequest",
    title="HTTP request",
    category="data",
    code="WEB",
    description="Asks a server over HTTP and gives its answer. Tries again, if retries say so, when the server cannot be reached or is "
    "busy (429, 502, 503, 504), with methods that may be repeated. What it changes elsewhere no rollback takes back.",
    params=(
        ParamSpec(
            name="method",
            type=_TEXT,
            label="Method",
            description="What is asked. In a dry run only GET, HEAD and OPTIONS are.",
            default="GET",
            choices=METHODS,
            editor="choice",
            expressions=False,
            connectable=False,
        ),
        ParamSpec(
            name="url",
            type=_TEXT,
            label="URL",
            description="The address, beginning with https:// or http://.",
            required=True,
        ),
        ParamSpec(
            name="params",
            type=_DICT,
            label="Query",
            description="What stands behind the ? of the address; a list repeats its name, nothing leaves it out.",
            editor="mapping",
        ),
        ParamSpec(
            name="headers",
            type=_DICT,
            label="Headers",
            description="Headers of the request. A password or token does not belong here, but into auth.",
            editor="mapping",
        ),
        ParamSpec(
            name="json",
            type=ANY,
            label="JSON",
            description="What is sent as JSON; dates and ids as text, decimals with all their digits.",
            editor="json",
            primary=True,
        ),
        ParamSpec(
            name="body",
            type=ANY,
            label="Body",
            description="Instead of JSON: text or bytes that are sent as they are, or a mapping that is sent as a form.",
            editor="text",
        ),
        ParamSpec(
            name="auth",
            type=_TEXT,
            label="Sign in",
            description="How the secret is shown: bearer (a token), basic (user and password), header (in a header of its own).",
            default="none",
            choices=("none", "bearer", "basic", "header"),
            editor="choice",
            expressions=False,
            connectable=False,
        ),
        ParamSpec(
            name="secret",
            type=_TEXT,
            label="Secret kept in",
            description="Where the secret is kept; it never stands in the project.",
            default="environment",
            choices=("environment", "keyring"),
            editor="choice",
            expressions=False,
            connectable=False,
        ),
        ParamSpec(
            name="secret_name",
            type=_TEXT,
            label="Secret's name",
            description="The environment variable, or the keyring's entry for the service `studio`.",
            expressions=False,
            connectable=False,
        ),
        ParamSpec(name="user", type=_TEXT, label="User", description="With basic: who signs in."),
        ParamSpec(
            name="auth_header",
            type=_TEXT,
            label="Header of the secret",
            description="With header: its name.",
            default="X-Api-Key",
            advanced=True,
            expressions=False,
            connectable=False,
        ),
        ParamSpec(
            name="response",
            type=_TEXT,
            label="Answer",
            description="What the answer is: auto goes by its type, and gives JSON as values, text as text, the rest as bytes.",
            default="auto",
            choices=("auto", "json", "text", "bytes"),
            editor="choice",
            expressions=False,
            connectable=False,
        ),
        ParamSpec(
            name="expect_status",
            type=PortType(kind="list"),
            label="Expected status",
            description='Statuses that are no failure, as numbers, "4xx", or "any". Empty: 200 to 299.',
            editor="json",
            expressions=False,
            connectable=False,
        ),
        ParamSpec(
            name="follow_redirects",
            type=_BOOL,
            label="Follow redirects",
            description="Whether the address that the server names instead is asked. The secret goes along to the same server only.",
            default=True,
            advanced=True,
        ),
        ParamSpec(
            name="max_bytes",
            type=_COUNT,
            label="Largest answer (bytes)",
            description="An answer that is longer is not read to its end, and the node fails.",
            default=MOST_BYTES,
            minimum=0,
            maximum=1_000_000_000,
            advanced=True,
        ),
        *COMMON,
    ),
    outputs=(
        PortSpec(
            name="body",
            type=ANY,
            label="body",
            description="What the server said: values of JSON, text, bytes, or nothing.",
            primary=True,
        ),
        PortSpec(name="status", type=_COUNT, label="status", description="The status, 200 for example."),
        PortSpec(
            name="headers",
            type=_DICT,
            label="headers",
            description="The headers of the answer, by their names in small letters.",
        ),
        PortSpec(name="ok", type=_BOOL, label="ok", description="Whether the status is 200 to 299."),
    ),
    value='{"body": …, "status": 200, "headers": {…}, "ok": true}',
    example=MappingProxyType(
        {"url": "https://example.org/orders", "params": {"since": "2025-01-31"}, "retries": 3}
    ),
)
