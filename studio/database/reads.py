"""How are records read? One, a page, a stream, a number, figures, and the answer of a person's own SQL."""

from __future__ import annotations

import builtins
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from typing import Any

from studio.database import included, pages
from studio.database import statements as st
from studio.database.conversation import Conversation
from studio.database.errors import locate_figure
from studio.database.figures import figures
from studio.database.raw import only_reads, prepare, rows_from
from studio.database.results import AggregateQuery, CacheWish, ListQuery, Record, Rows
from studio.kernel.errors import DatabaseError, ManyRecordsMatched
from studio.models.relations import Include
from studio.models.spec import ModelSpec


class Reads(Conversation):
    async def read(
        self,
        spec: ModelSpec,
        filter: Mapping[str, Any],
        fields: Sequence[str] | None = None,
        *,
        include: Sequence[Include] = (),
        include_deleted: bool = False,
    ) -> Record | None:
        """The record that matches, or None; with `include`, the related records within it.

        Raises:
            FilterError: the filter names what does not exist.
            ManyRecordsMatched: several match; `context["count"]` says how many.
        """
        if include:
            more = included.local_fields(spec, include, fields)
            asked = None if fields is None else (*fields, *more)
            found = await self.read(spec, filter, asked, include_deleted=include_deleted)
            if found is not None:
                await self.attach_related(spec, [found], include, more, include_deleted=include_deleted)
            return found
        plans = self._plans(spec)
        if fields is None and plans.care is None:
            quick = st.by_unique_field(plans, filter, st.select)
            if quick is not None:
                plan, arguments = quick
                rows = await self._session.read(plan.sql, arguments)
                return plan.make(rows[0]) if rows else None
        wanted = None if fields is None else plans.check_names(fields)
        parsed = plans.parsed(filter, include_deleted=include_deleted)
        most = None if plans.identifies(parsed.condition) else 2
        ready = st.select(plans, parsed, fields=wanted, most=most)
        rows = await self._session.read(ready.plan.sql, ready.arguments)
        if not rows:
            return None
        if len(rows) > 1:
            raise await self._many(spec, filter, "Read", "List")
        return ready.plan.make(rows[0])

    async def list(self, spec: ModelSpec, query: ListQuery) -> Rows:
        """One page of records; `has_more` and `cursor` say how it goes on."""
        if query.include:
            narrow, more = _without_include(spec, query)
            found = await self.list(spec, narrow)
            await self.attach_related(spec, found, query.include, more, include_deleted=query.include_deleted)
            found.columns = _columns(found.columns, query.include, more)
            return found
        plans = self._plans(spec)
        page = pages.page(plans, query)
        rows = await self._session.read(page.ready.plan.sql, page.ready.arguments)
        return page.rows(rows)

    async def list_kept(self, spec: ModelSpec, query: ListQuery, wish: CacheWish) -> Rows:
        """The same, from the cache when it is known there; the caller's own in any case. Within a transaction it is always asked for."""
        if self._session.in_transaction:
            return await self.list(spec, query)
        plans, lists = self._plans(spec), self._book.lists
        narrow = _without_include(spec, query)[0] if query.include else query
        ready = pages.page(plans, narrow).ready
        key = lists.key(self._book, plans, query, wish, (ready.plan.sql, ready.arguments))
        known = lists.get(key)
        if known is None:
            known = await self.list(spec, query)
            lists.put(key, known, wish, plans)
        return known

    async def stream(
        self, spec: ModelSpec, query: ListQuery, batch_size: int = 1000
    ) -> AsyncGenerator[builtins.list[Record]]:
        """The records in batches, in memory that does not grow with their number. `limit` None means all."""
        if query.include:
            async with AsyncExitStack() as stack:
                reads = self
                if self._session.streams_alone:
                    session = await stack.enter_async_context(self._session.atomic())
                    reads = type(self)(session, self._book, self._recorder)
                narrow, more = _without_include(spec, query)
                batches = await stack.enter_async_context(aclosing(reads.stream(spec, narrow, batch_size)))
                async for records in batches:
                    await reads.attach_related(
                        spec, records, query.include, more, include_deleted=query.include_deleted
                    )
                    yield records
            return
        plans = self._plans(spec)
        page = pages.page(plans, query, peek=False)
        make = page.make
        rows = self._session.stream(page.ready.plan.sql, page.ready.arguments, batch_size)
        try:
            async for batch in rows:
                yield [make(row) for row in batch]
        finally:
            close = getattr(rows, "aclose", None)
            if close is not None:
                await close()

    async def attach_related(
        self,
        spec: ModelSpec,
        records: Sequence[Record],
        include: Sequence[Include],
        more: Sequence[str],
        *,
        include_deleted: bool = False,
    ) -> None:
        """Puts the related records into the records, and takes out the fields that were read for their sake only."""
        await included.attach(self, spec, records, include, include_deleted=include_deleted)
        for record in records if more else ():
            for name in more:
                del record[name]

    async def count(
        self, spec: ModelSpec, filter: Mapping[str, Any] | None = None, *, include_deleted: bool = False
    ) -> int:
        """How many records match."""
        plans = self._plans(spec)
        ready = st.count(plans, plans.parsed(filter, include_deleted=include_deleted))
        rows = await self._session.read(ready.plan.sql, ready.arguments)
        return int(rows[0][0])

    async def aggregate(self, spec: ModelSpec, query: AggregateQuery) -> Rows:
        """Groups with their figures."""
        wanted = figures(self._plans(spec), query)
        try:
            rows = await self._session.read(wanted.ready.plan.sql, wanted.ready.arguments)
        except DatabaseError as error:
            locate_figure(error, spec, wanted.fields(spec))
            raise
        return wanted.rows(rows)

    async def execute(
        self, sql: str, params: Mapping[str, Any] | None = None, *, max_rows: int | None = None
    ) -> Rows:
        """A person's own statement with `:name` parameters. Values come as the driver gives them; `affected` counts changed rows.

        Raises:
            ValueRefused: a parameter is missing.
            DatabaseError: the database refuses the statement.
        """
        text, arguments = prepare(sql, params or {}, self._book.dialect.name)
        may_write = not only_reads(text)
        try:
            columns, rows, affected = await self._session.run(text, arguments, max_rows)
        finally:
            if may_write:
                self._book.lists.wrote_anything()
        return rows_from(columns, rows, affected, text, max_rows)

    async def _many(
        self, spec: ModelSpec, filter: Mapping[str, Any], verb: str, instead: str
    ) -> ManyRecordsMatched:
        number = await self.count(spec, filter)
        return ManyRecordsMatched(
            f"{verb} wants one record of {spec.name}, but {number:,} match.",
            hint=f"Narrow the filter, or use {instead} for several records.",
            count=number,
        )


def _without_include(spec: ModelSpec, query: ListQuery) -> tuple[ListQuery, tuple[str, ...]]:
    """The query for the records alone, and the fields that it asks for beyond those wanted."""
    fields = None if query.fields is None else pages.names_of(query.fields)
    more = included.local_fields(spec, query.include, fields)
    return replace(query, include=(), fields=None if fields is None else (*fields, *more)), more


def _columns(columns: tuple[str, ...], include: Sequence[Include], more: Sequence[str]) -> tuple[str, ...]:
    own = tuple(name for name in columns if name not in more)
    return (*own, *(entry.relation.name for entry in include))
