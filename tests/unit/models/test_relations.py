"""Which relations do models have, what are they called, and what is refused?"""

from typing import Annotated, Any

import pytest

from studio.kernel.errors import ModelError
from studio.models import Family, Field, FieldSpec, Include, Kind, ModelSpec, model_from_class
from studio.models.codec import model_from_data, model_to_data


def _family(*classes: type) -> Family:
    return Family(model_from_class(cls) for cls in classes)


def _table(name: str, *fields: tuple[str, str | None], key: tuple[str, ...] = ("id",)) -> ModelSpec:
    """A table that Studio did not make: names of columns, and what they reference."""
    specs = [
        FieldSpec(name=field, kind=Kind.INT, key=field in key, references=references)
        for field, references in fields
    ]
    return ModelSpec(name=name, table=name, fields=tuple(specs), key=key, reflected=True)


def test_a_foreign_key_is_a_relation_from_both_ends() -> None:
    class Author:
        id: str

    class Post:
        author_id: Annotated[str, Field(references="Author")]

    family = _family(Author, Post)
    assert list(family.relations("Post")) == ["author"]
    back = family.relations("Author")["posts"]
    assert (back.model, back.many, back.local, back.remote) == ("Post", True, ("id",), ("author_id",))


def test_names_are_never_those_of_fields_and_never_two_alike() -> None:
    class User:
        id: str
        messages: list[Any] | None = None

    class Message:
        sender_id: Annotated[str, Field(references="User")]
        receiver: Annotated[str, Field(references="User")]
        sender: str

    class Badge:
        user_id: Annotated[str, Field(references="User", unique=True)]

    class Note:
        owner_id: Annotated[str, Field(references="User")]

    family = _family(User, Message, Badge, Note)
    assert list(family.relations("Message")) == ["sender_record", "receiver_record"]
    assert list(family.relations("User")) == [
        "messages_by_sender_record", "messages_by_receiver_record", "badge", "notes",
    ]  # fmt: skip
    assert not family.relations("User")["badge"].many


def test_a_model_that_only_links_two_others_joins_them_under_clear_names() -> None:
    tables = [
        _table("Track", ("id", None)),
        _table("Playlist", ("id", None)),
        _table(
            "PlaylistTrack",
            ("PlaylistId", "Playlist.id"),
            ("TrackId", "Track.id"),
            key=("PlaylistId", "TrackId"),
        ),
        _table("User", ("id", None)),
        _table(
            "Follow",
            ("follower_id", "User.id"),
            ("followed_id", "User.id"),
            key=("follower_id", "followed_id"),
        ),
    ]
    family = Family(tables)
    assert list(family.relations("Track")) == ["playlist_tracks", "playlists"]
    assert list(family.relations("PlaylistTrack")) == ["playlist", "track"]
    assert list(family.relations("User")) == [
        "follows_by_follower", "follows_by_followed", "users_by_followed", "users_by_follower",
    ]  # fmt: skip
    second = _table(
        "Queue", ("PlaylistId", "Playlist.id"), ("TrackId", "Track.id"), key=("PlaylistId", "TrackId")
    )
    several = Family([*tables, second]).relations("Track")
    assert {"playlists_by_playlist_track", "playlists_by_queue"} <= set(several)


def test_a_declared_relation_is_completed_and_takes_the_place_of_the_derived_one() -> None:
    class Author:
        id: str
        __relations__ = {"works": {"model": "Post", "remote": "author_id"}}  # noqa: RUF012

    class Post:
        author_id: Annotated[str, Field(references="Author")]
        __relations__ = {"writer": "Author", "labels": {"model": "Tag", "through": "PostTag"}}  # noqa: RUF012

    class Tag:
        id: str

    class PostTag:
        post_id: Annotated[int, Field(references="Post")]
        tag_id: Annotated[str, Field(references="Tag")]

    family = _family(Author, Post, Tag, PostTag)
    assert list(family.relations("Author")) == ["works"]
    assert list(family.relations("Post")) == ["writer", "labels", "post_tags"]
    labels = family.relations("Post")["labels"]
    assert (labels.through_local, labels.through_remote, labels.many) == (("post_id",), ("tag_id",), True)
    for model in family.models.values():
        assert model_from_data(model_to_data(model)) == model


def test_paths_become_a_tree_in_which_each_relation_stands_once() -> None:
    class Author:
        id: str

    class Post:
        author_id: Annotated[str, Field(references="Author")]

    class Comment:
        post_id: Annotated[int, Field(references="Post")]
        author_id: Annotated[str, Field(references="Author")]

    family = _family(Author, Post, Comment)
    (author,) = family.include(family.models["Author"], ["posts", "posts.comments.author", "posts.comments"])
    assert isinstance(author, Include)
    assert [child.relation.name for child in author.children] == ["comments"]
    assert [child.relation.name for child in author.children[0].children] == ["author"]
    assert family.paths(family.models["Author"]) == ("posts", "comments", "posts.comments", "comments.post")
    with pytest.raises(ModelError, match=r"Comment has no relation 'autor' \(in 'comments.autor'\)"):
        family.include(family.models["Author"], ["comments.autor"])
    with pytest.raises(ModelError, match="longer than 6"):
        family.include(family.models["Author"], ["posts.author" * 1 + ".posts.author" * 3])


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"x": {"model": "Autor"}}, "leads to 'Autor', which is no model here"),
        ({"x": {"model": "Author", "local": "author"}}, "names the unknown field 'author'"),
        ({"x": {"model": "Author", "remote": "ident"}}, "names 'ident', but Author has no such field"),
        ({"x": {"model": "Author", "locl": "author_id"}}, "has no option 'locl'"),
        ({"x": {"model": "Author", "many": 1}}, "is not written as it must be"),
        ({"x": 5}, "does not say where it leads"),
        ({"x": {"model": "Author", "local": 5}}, "is a field's name or a list of them"),
        ({"title": "Author"}, "'title' is a field and a relation"),
        ({"x": {"model": "Author", "through": "Author"}}, "no field that reference Post"),
        ({"x": {"model": "Author", "local": ["author_id", "title"]}}, "joins 2 fields with 1"),
    ],
)
def test_a_relation_that_leads_nowhere_is_refused(declared: dict[str, Any], said: str) -> None:
    class Author:
        id: str

    Post = type(  # noqa: N806 - a class
        "Post",
        (),
        {
            "__annotations__": {"author_id": Annotated[str, Field(references="Author")], "title": str},
            "__relations__": declared,
        },
    )
    with pytest.raises(ModelError, match=said) as caught:
        raise next(_family(Author, Post).check())
    assert caught.value.field


def test_on_delete_set_null_needs_a_field_that_may_be_empty() -> None:
    class Post:
        author_id: Annotated[str, Field(references="Author", on_delete="set null")]

    with pytest.raises(ModelError, match="must have a value") as caught:
        model_from_class(Post)
    assert "author_id: str | None" in caught.value.hint
