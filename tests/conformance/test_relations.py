"""Are related records found and read along? A library whose models are related in every way, on each kind of database."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, ClassVar

import orjson
import pytest

from studio import DataFlow, Field, LocalRuntime, WorkflowBuilder
from studio.kernel.errors import BuildError, ForeignKeyViolated, NodeError
from tests.conformance.shop import Shop


class Author:
    """Who writes."""

    id: str
    name: str


class Profile:
    """What is said of an author: one each."""

    id: int
    author_id: Annotated[str, Field(references="Author.id", on_delete="cascade", unique=True)]
    bio: str


class Post:
    """What was written."""

    id: int
    author_id: Annotated[str, Field(references="Author.id", on_delete="restrict", index=True)]
    editor_id: Annotated[str | None, Field(references="Author.id", on_delete="set null")] = None
    title: str
    __relations__: ClassVar = {
        "writer_profile": {"model": "Profile", "local": "author_id", "remote": "author_id"}
    }


class Tag:
    """What it is about."""

    id: str


class PostTag:
    """Which post is about what."""

    id: int
    post_id: Annotated[int, Field(references="Post.id", on_delete="cascade")]
    tag_id: Annotated[str, Field(references="Tag", on_delete="cascade")]
    __indexes__: ClassVar = [{"fields": ["post_id", "tag_id"], "unique": True}]
    __relations__: ClassVar = {
        "itself": {"model": "PostTag", "local": ["post_id", "tag_id"], "remote": ["post_id", "tag_id"]}
    }


class Remark:
    """What is said of a draft, whose id somebody wrote down as text."""

    id: str
    written: str | None = None
    __relations__: ClassVar = {"draft": {"model": "Draft", "local": "written", "remote": "id"}}


class Draft:
    """A post that is not yet one."""

    id: uuid.UUID
    title: str


class Category:
    """A shelf within a shelf."""

    id: str
    parent_id: Annotated[str | None, Field(references="Category.id")] = None


MODELS = (Author, Profile, Post, Tag, PostTag, Draft, Remark, Category)


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mysql"])
def library(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The library, for tests that leave it as it is."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('library') / 'library.sqlite'}"
    else:
        name = "postgres_module_url" if request.param == "postgresql" else "mysql_module_url"
        url = request.getfixturevalue(name)
    opened = _library(url)
    yield opened
    opened.close()


def _library(url: str) -> Shop:
    opened = Shop(url, *MODELS)
    rows: dict[str, list[dict[str, Any]]] = {
        "Author": [{"id": "ada", "name": "Ada"}, {"id": "bob", "name": "Bob"}],
        "Profile": [{"author_id": "ada", "bio": "Counts."}],
        "Post": [
            {"id": 1, "author_id": "ada", "editor_id": "bob", "title": "One"},
            {"id": 2, "author_id": "ada", "title": "Two"},
            {"id": 3, "author_id": "bob", "editor_id": "ada", "title": "Three"},
        ],
        "Tag": [{"id": "sql"}, {"id": "art"}, {"id": "tea"}],
        "PostTag": [{"post_id": post, "tag_id": tag} for post, tag in [(1, "tea"), (1, "art"), (3, "art")]],
        "Draft": [{"id": uuid.UUID(int=2), "title": "Two"}],
        "Remark": [
            {"id": "a", "written": str(uuid.UUID(int=2))},
            {"id": "b", "written": "no id"},
            {"id": "c"},
        ],
        "Category": [
            {"id": "a"},
            {"id": "b", "parent_id": "a"},
            {"id": "c", "parent_id": "b"},
            {"id": "d", "parent_id": "a"},
        ],
    }
    for model, data in rows.items():
        opened.one(f"{model}BulkCreateNode", {"data": data})
    return opened


class Counted:
    """Counts what is read from a DataFlow's database while it is open."""

    def __init__(self, db: DataFlow, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sql: list[str] = []
        lanes = type(db.database._engine.lanes)
        read = lanes.read

        async def counted(session: Any, sql: str, args: Any = ()) -> Any:
            self.sql.append(sql)
            return await read(session, sql, args)

        monkeypatch.setattr(lanes, "read", counted)


def _names(records: Any, key: str = "id") -> list[Any]:
    return [record[key] for record in records]


def test_related_records_come_nested_to_one_to_many_and_across_links(library: Shop) -> None:
    include = ["author.profile", "editor", "tags", "post_tags.tag", "writer_profile"]
    one, two, three = library.one("PostListNode", {"include": include, "order_by": ["id"]})
    assert one["author"]["profile"]["bio"] == one["writer_profile"]["bio"] == "Counts."
    assert one["editor"]["name"] == "Bob"
    assert two["editor"] is None
    assert three["author"]["profile"] is None
    assert _names(one["tags"]) == ["art", "tea"]
    assert two["tags"] == two["post_tags"] == []
    assert [link["tag"]["id"] for link in three["post_tags"]] == ["art"]
    ada = library.one(
        "AuthorReadNode", {"id": "ada", "include": ["posts_by_author.tags", "posts_by_editor", "profile"]}
    )
    assert _names(ada["posts_by_author"]) == [1, 2]
    assert _names(ada["posts_by_author"][0]["tags"]) == ["art", "tea"]
    assert _names(ada["posts_by_editor"]) == [3]
    assert _names(library.one("TagReadNode", {"id": "art", "include": ["posts"]})["posts"]) == [1, 3]
    deep = library.one("CategoryReadNode", {"id": "a", "include": ["categories.categories", "parent"]})
    assert deep["parent"] is None
    assert [_names(below["categories"]) for below in deep["categories"]] == [["c"], []]


def test_records_are_related_by_several_fields_and_by_keys_of_another_kind(library: Shop) -> None:
    links = library.one("PostTagListNode", {"include": ["itself"]})
    assert len(links) == 3
    assert all(link["itself"]["id"] == link["id"] for link in links)
    # What is no UUID is the id of nothing.
    remarks = library.one("RemarkListNode", {"include": ["draft"], "order_by": ["id"]})
    assert [remark["draft"] and remark["draft"]["title"] for remark in remarks] == ["Two", None, None]


def test_the_number_of_statements_depends_on_the_relations_and_not_on_the_records(
    library: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = {"include": ["author.profile", "tags"]}
    workflow = library.builder({"posts": ("PostListNode", params)}).build()
    LocalRuntime().run(workflow).raise_for_state()
    counted = Counted(library.db, monkeypatch)
    results, _ = LocalRuntime().execute(workflow)
    assert len(results["posts"]) == 3
    assert len(counted.sql) == 1 + 1 + 1 + 2, counted.sql


def test_fields_pages_and_streams_keep_what_was_asked_for(library: Shop) -> None:
    page = library.one(
        "PostListNode", {"fields": ["title"], "include": ["author"], "order_by": ["-id"], "limit": 2}
    )
    assert [list(record) for record in page] == [["title", "author"]] * 2
    assert page.columns == ("title", "author")
    following = library.one(
        "PostListNode", {"include": ["author"], "order_by": ["-id"], "limit": 2, "after": page.cursor}
    )
    assert [(record["id"], record["author"]["id"]) for record in following] == [(1, "ada")]


@pytest.mark.parametrize("mode", ["auto", "atomic"])
def test_all_records_stream_with_their_related_ones(library: Shop, tmp_path: Path, mode: str) -> None:
    out = tmp_path / "posts.json"
    nodes = {
        "posts": ("PostListNode", {"limit": None, "include": ["tags", "author"], "fields": ["title"]}),
        "file": ("WriteJSON", {"path": str(out)}),
    }
    result = library.run(nodes, [("posts", "records", "file", "records")], mode=mode)
    result.raise_for_state()
    written = orjson.loads(out.read_bytes())
    assert [(post["title"], post["author"]["id"], _names(post["tags"])) for post in written] == [
        ("One", "ada", ["art", "tea"]),
        ("Two", "ada", []),
        ("Three", "bob", ["art"]),
    ]
    assert list(written[0]) == ["title", "tags", "author"]


def test_a_database_in_memory_streams_related_records(tmp_path: Path) -> None:
    shop = Shop(":memory:", Category)
    shop.one("CategoryBulkCreateNode", {"data": [{"id": "a"}, {"id": "b", "parent_id": "a"}]})
    nodes = {
        "shelves": ("CategoryListNode", {"limit": None, "include": ["parent"]}),
        "file": ("WriteJSON", {"path": str(tmp_path / "shelves.json")}),
    }
    shop.results(nodes, [("shelves", "records", "file", "records")])
    written = orjson.loads((tmp_path / "shelves.json").read_bytes())
    assert [shelf["parent"] and shelf["parent"]["id"] for shelf in written] == [None, "a"]
    shop.close()


def test_a_run_in_one_transaction_sees_its_own_related_records(library: Shop) -> None:
    nodes = {
        "post": ("PostCreateNode", {"author_id": "bob", "title": "New"}),
        "bob": ("AuthorReadNode", {"id": "bob", "include": ["posts_by_author"]}),
        "out": ("Output", {}),
    }
    edges = [("post", "done", "bob", "after"), ("bob", "posts_by_author.1.title", "out", "value")]
    assert library.results(nodes, edges, mode="dry")["out"] == "New"
    assert (
        len(library.one("AuthorReadNode", {"id": "bob", "include": ["posts_by_author"]})["posts_by_author"])
        == 1
    )


def test_edges_and_expressions_reach_into_related_records(library: Shop) -> None:
    nodes = {
        "read": ("PostReadNode", {"id": 1, "include": ["author", "tags"]}),
        "list": ("AuthorListNode", {"include": ["posts_by_author.tags"], "order_by": ["id"]}),
        "name": ("Output", {}),
        "tag": ("Output", {}),
        "text": ("Constant", {"value": "{{ read.author.name + list[0].posts_by_author[0].tags[1].id }}"}),
    }
    edges = [
        ("read", "author.name", "name", "value"),
        ("list", "records.0.posts_by_author.0.tags.1.id", "tag", "value"),
    ]
    results = library.results(nodes, edges)
    assert (results["name"], results["tag"], results["text"]) == ("Ada", "tea", "Adatea")


def test_on_delete_restricts_cascades_and_sets_null(database_url: str) -> None:
    library = _library(database_url)
    with pytest.raises(ForeignKeyViolated):
        library.one("AuthorDeleteNode", {"id": "ada"})
    library.one("PostBulkDeleteNode", {"filter": {"author_id": "ada"}})
    assert library.one("PostTagCountNode") == {"count": 1}
    library.one("AuthorDeleteNode", {"id": "ada"})
    assert library.one("ProfileCountNode") == {"count": 0}
    assert library.one("PostReadNode", {"id": 3})["editor_id"] is None
    library.close()


def test_the_statements_of_related_records_are_shown_and_run(library: Shop) -> None:
    params = {"filter": {"title": "One"}, "include": ["author", "tags"]}
    kind = library.db.catalogue.type("PostListNode")
    said = kind.statements(params, library.db.database)
    assert len(said) == 1 + 1 + 2
    assert "‹Post.author_id›" in said[1].params.values()
    assert "‹PostTag.tag_id›" in said[3].params.values()


@pytest.mark.usefixtures("chinook_source")
@pytest.mark.parametrize("kind", ["sqlite", "postgres", "mysql"])
def test_tables_that_studio_did_not_make_are_related_as_well(
    kind: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(f"chinook_{kind}_url")
    with DataFlow(url, name="records", existing_schema_mode=True) as db:
        db.register_schema_as_models()
        known = {model: db.get_model_info(model)["relations"] for model in db.list_models()}
        assert known["Album"]["artist"]["model"] == "Artist"
        assert known["Artist"]["albums"]["many"]
        assert known["Playlist"]["tracks"]["through"] == "PlaylistTrack"
        assert known["Employee"]["reports_to_record"]["model"] == "Employee"
        workflow = WorkflowBuilder(db)
        include = ["tracks.album.artist", "playlist_tracks.track"]
        workflow.add_node("PlaylistListNode", "lists", {"limit": 3, "include": include})
        workflow.add_node("EmployeeListNode", "staff", {"include": ["reports_to_record", "employees"]})
        results, _ = LocalRuntime().execute(workflow)
    for playlist in results["lists"]:
        assert _names(playlist["tracks"]) == sorted(
            link["track"]["id"] for link in playlist["playlist_tracks"]
        )
        assert all(track["album"]["artist"]["id"] for track in playlist["tracks"] if track["album"])
    reports = sum(len(person["employees"]) for person in results["staff"])
    assert reports == sum(person["reports_to_record"] is not None for person in results["staff"]) > 0


def test_what_is_wrong_with_relations_is_said_before_the_run(sqlite_url: str) -> None:
    shop = Shop(sqlite_url, *MODELS)
    assert shop.problem("PostListNode", {"include": ["autor"]}) == ("unknown-relation", "include")
    assert "Did you mean 'author'" in str(shop.refusal("PostReadNode", {"id": 1, "include": ["autor"]}))
    assert "Write 'author'." in str(shop.refusal("PostListNode", {"include": ["author_id"]}))
    for port, said in {
        "records.0.author.name": "Add 'author' to include",
        "records.0.tags.0.nam": "Tag has no field 'nam'",
        "records.tags": 'Say which one: "0.tags"',
        "records.0.titel": "Did you mean 'title'",
        "records.0.author_id.name": 'write "author.name"',
    }.items():
        nodes = {"list": ("PostListNode", {"include": ["tags"]}), "out": ("Output", {})}
        with pytest.raises(BuildError) as caught:
            shop.builder(nodes, [("list", port, "out", "value")]).build()
        (problem,) = caught.value.problems
        assert problem.code == "unknown-part"
        assert said in str(problem), problem
    made = {"made": ("PostCreateNode", {"author_id": "ada", "title": "One"}), "out": ("Output", {})}
    with pytest.raises(BuildError, match="Read it with PostReadNode"):
        shop.builder(made, [("made", "record.author.name", "out", "value")]).build()
    clash = {"read": ("PostReadNode", {"id": 1, "include": ["author"]}), "wait": ("Wait", {})}
    with pytest.raises(BuildError, match="author is an? Author"):
        shop.builder(clash, [("read", "author", "wait", "seconds")]).build()
    with pytest.raises(BuildError, match=r"author\.name is a text"):
        shop.builder(clash, [("read", "author.name", "wait", "seconds")]).build()
    later = {"names": ("Constant", {"value": ["autor"]}), "list": ("PostListNode", {})}
    with pytest.raises(NodeError, match="has no relation 'autor'"):
        shop.results(later, [("names", "value", "list", "include")])
    shop.close()
