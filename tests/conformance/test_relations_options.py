"""Do related records keep to what the options of their models say: deleted ones, other tenants', encrypted values, at any depth?"""

from typing import Annotated, Any, ClassVar

from studio import DataFlow, Field
from studio.kernel.behalf import on_behalf_of
from tests.conformance.asking import one

OPTIONS: Any = {"multi_tenant": True, "soft_delete": True, "encryption": {"fields": ["secret"]}}


class Author:
    id: str
    secret: str
    __dataflow__: ClassVar = OPTIONS


class Post:
    id: str
    author_id: Annotated[str, Field(references="Author.id")]
    secret: str
    __dataflow__: ClassVar = OPTIONS


class Remark:
    id: str
    post_id: Annotated[str, Field(references="Post.id")]
    secret: str
    __dataflow__: ClassVar = OPTIONS


class Tag:
    id: str
    secret: str
    __dataflow__: ClassVar = OPTIONS


class PostTag:
    id: str
    post_id: Annotated[str, Field(references="Post.id")]
    tag_id: Annotated[str, Field(references="Tag.id")]
    __dataflow__: ClassVar = {"multi_tenant": True, "soft_delete": True}
    __indexes__: ClassVar = [{"fields": ["post_id", "tag_id"], "unique": True}]


MODELS = (Author, Post, Remark, Tag, PostTag)
ROWS: dict[str, list[dict[str, str]]] = {
    "Author": [{"id": "a1"}, {"id": "a2"}],
    "Post": [{"id": f"p{n}", "author_id": f"a{1 + n % 2}"} for n in range(4)],
    "Remark": [{"id": f"r{n}", "post_id": f"p{n % 4}"} for n in range(6)],
    "Tag": [{"id": f"t{n}"} for n in range(3)],
    "PostTag": [
        {"id": f"x{n}{m}", "post_id": f"p{n}", "tag_id": f"t{m}"} for n in range(3) for m in range(3)
    ],
}
GONE = {"Post": "p2", "Remark": "r0", "Tag": "t1", "PostTag": "x02"}
"""What the tenant that is looked at has deleted."""


def tree(records: Any, *names: str) -> Any:
    """Ids, each with those of the related records; every secret is the one that was stored, of the right tenant."""
    found = {}
    for record in records:
        assert record["secret"] == f"{record['tenant_id']} {record['id']}"
        assert record["tenant_id"] == "acme"
        found[record["id"]] = tree(record[names[0]], *names[1:]) if names else {}
    return found


def test_related_records_are_of_the_same_tenant_decrypted_and_not_deleted_unless_asked_for(
    database_url: str,
) -> None:
    with DataFlow(database_url, models=MODELS, encryption_key="k" * 43 + "=") as db:
        for tenant, mark in (("acme", ""), ("other", "o")):
            with on_behalf_of(tenant=tenant):
                for model, rows in ROWS.items():
                    own = [{name: mark + value for name, value in row.items()} for row in rows]
                    if model != "PostTag":
                        own = [{**row, "secret": f"{tenant} {row['id']}"} for row in own]
                    one(db, f"{model}BulkCreateNode", {"data": own})
        with on_behalf_of(tenant="acme"):
            kept = {"include": ["posts.remarks"], "order_by": "id", "cache_key": "authors"}
            full: dict[str, Any] = {
                "a1": {"p0": {"r0": {}, "r4": {}}, "p2": {"r2": {}}},
                "a2": {"p1": {"r1": {}, "r5": {}}, "p3": {"r3": {}}},
            }
            assert tree(one(db, "AuthorListNode", kept), "posts", "remarks") == full
            for model, key in GONE.items():
                one(db, f"{model}DeleteNode", {"id": key})
            left = {"a1": {"p0": {"r4": {}}}, "a2": full["a2"]}
            assert tree(one(db, "AuthorListNode", kept), "posts", "remarks") == left
            asked = {**kept, "include_deleted": True}
            assert tree(one(db, "AuthorListNode", asked), "posts", "remarks") == full
            tagged = {"include": ["posts.tags"], "id": "a1"}
            assert tree([one(db, "AuthorReadNode", tagged)], "posts", "tags") == {"a1": {"p0": {"t0": {}}}}
            all_tags: dict[str, Any] = {"t0": {}, "t1": {}, "t2": {}}
            found = one(db, "AuthorReadNode", {**tagged, "include_deleted": True})
            assert tree([found], "posts", "tags") == {"a1": {"p0": all_tags, "p2": all_tags}}
            back = one(db, "TagListNode", {"include": ["posts.author"], "order_by": "id", "fields": ["id"]})
            assert [(tag["id"], [post["author"]["id"] for post in tag["posts"]]) for tag in back] == [
                ("t0", ["a1", "a2"]),
                ("t2", ["a2"]),
            ]
            up = one(db, "RemarkReadNode", {"id": "r2", "include": ["post"]})
            assert up["post"] is None
