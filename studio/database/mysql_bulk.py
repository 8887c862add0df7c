"""How do many rows reach MariaDB fast? In statements of a thousand VALUES, prepared at the server, within one transaction.

    insert         INSERT … VALUES (…), (…), … RETURNING the key where ids are wanted
    update         rows into a temporary table, then one UPDATE … JOIN
    skip, upsert   what exists is looked for and locked; the others are inserted, the existing ones updated as above

MariaDB's own ways of resolving conflicts are not used: IGNORE forgives every other fault as well, and ON DUPLICATE KEY UPDATE
takes any unique key for the one that is meant, and does not tell new from old.

The row at fault: the server says the row, or else the statement is halved within a savepoint until one row is left. Whatever is not
clear (two columns that only the server's collation finds equal, a unique value that one row gives up and another takes) is written row by
row (`mysql_in_turn`), which is slow and exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from studio.database import mysql_errors
from studio.database.bulk import BulkJob, BulkOutcome, in_row, nothing_to_find_by
from studio.database.mysql_in_turn import FAULTS, InTurn
from studio.database.mysql_text import MOST_PLACEHOLDERS
from studio.kernel.errors import ValueRefused
from studio.models.spec import FieldSpec, Kind

if TYPE_CHECKING:
    from studio.database.mysql_sessions import MysqlTransaction

ROWS_PER_STATEMENT: Final = 1000
_STAGE: Final = "studio_stage"
_LOOKED_UP: Final = 1000
_SHORT: Final = frozenset(
    {Kind.INT, Kind.FLOAT, Kind.BOOL, Kind.DATETIME, Kind.DATE, Kind.TIME, Kind.TIMEDELTA, Kind.UUID}
)
_SHORT_WEIGHT: Final = 45
"""Bytes that a value of these takes at most, a UUID; what other values take beside their own length."""

Tuple = tuple[Any, ...]


async def write_batch(session: MysqlTransaction, job: BulkJob, rows: Sequence[Any]) -> BulkOutcome:
    """Writes a batch; raises the typed error of the row at fault, leaving nothing of the batch behind."""
    converted: list[Tuple] = []
    try:
        for row in rows:
            converted.append(job.pipeline(row, job.now))  # noqa: PERF401 - the number of rows so far names the one at fault
    except ValueRefused as error:
        raise in_row(error, job, len(converted), None) from None
    batch = Batch(session, job, rows, converted)
    async with session.atomic():
        try:
            async with session.atomic():
                return await batch.write()
        except FAULTS as error:
            if job.mode == "insert":
                place = batch.place if batch.place is not None else await batch.find_fault()
                raise in_row(error, job, place, rows[place]) from error.__cause__
        except _InTurn:
            pass
        # Row by row the one at fault is the one that fails; or none does, and all is well.
        return await InTurn(batch).write()


class Batch:
    """Rows on their way into one table."""

    def __init__(
        self, session: MysqlTransaction, job: BulkJob, rows: Sequence[Any], converted: Sequence[Tuple]
    ) -> None:
        self.session = session
        self.job = job
        self.rows = rows
        self.tuples = converted
        self.plans = job.plans
        self.spec = job.plans.spec.stored
        self._reported = 0
        self.place: int | None = None
        """The row that the server named as the one at fault."""
        quoting = job.plans.dialect.sqlalchemy.identifier_preparer
        self._quote = quoting.quote
        self.table = quoting.format_table(job.plans.table)
        self._rivals = job.rivals() if job.mode in ("update", "upsert") else []
        self._held: dict[tuple[str, ...], dict[Tuple, Tuple]] = {}
        """For each rival the values of the records that the rows mean, and what finds those records."""
        self._long = [at for at, name in enumerate(job.columns) if _may_be_long(self.spec.by_name[name])]

    async def write(self) -> BulkOutcome:
        if self.job.mode == "insert":
            ids = await self.insert(range(len(self.tuples)))
            return BulkOutcome(created=len(self.tuples), ids=ids)
        if self.job.mode == "update":
            if self._rivals:
                await self._existing(self.job.conflict)
                self._check_rivals()
            updated = await self._update(range(len(self.tuples)), self.job.columns)
            self._report(len(self.rows))
            return BulkOutcome(updated=updated)
        return await self._resolve()

    # -------------------------------------------------------------- the ways

    async def insert(self, places: Sequence[int], *, reports: bool = True) -> list[Any]:
        """Inserts the rows at these places; gives their keys, in their order, when they are wanted."""
        wants = self.job.return_ids and len(self.spec.key) == 1
        returning = f" RETURNING {self.column(self.spec.key[0])}" if wants else ""
        names = ", ".join(self.column(name) for name in self.job.columns)
        reader = self.plans.reader(self.spec.key[0]) if wants else None
        ids: list[Any] = []
        for part in self._parts(places):
            if self.job.columns:
                values = ", ".join([f"({', '.join('?' * len(self.job.columns))})"] * len(part))
            else:
                values = ", ".join(["()"] * len(part))
            arguments = [value for place in part for value in self.tuples[place]]
            try:
                found = await self.session.execute(
                    f"INSERT INTO {self.table} ({names}) VALUES {values}{returning}",
                    arguments,
                    keep=len(part) == self._rows_per_statement,
                )
            except FAULTS as error:
                number = mysql_errors.at_row(error.__cause__)
                if number is not None and number <= len(part):
                    self.place = part[number - 1]
                raise
            if wants:
                keys = [row[0] for row in found.rows]
                ids += keys if reader is None else [reader(key) for key in keys]
            if reports:
                self._report(len(part))
        return ids

    async def _update(self, places: Sequence[int], columns: tuple[str, ...]) -> int:
        """Changes the records of these rows through the staging table; how many rows had one. `columns` are those of the tuples."""
        job = self.job
        find = [columns.index(name) for name in job.conflict]
        # A row without a value to find its record by finds none.
        last = {
            sought: place
            for place in places
            if None not in (sought := tuple([self.tuples[place][at] for at in find]))
        }
        if len(last) < len(places) and not job.last_says_all():
            raise _InTurn
        used = [name for name in columns if name in job.conflict or name in job.changed]
        taken = [columns.index(name) for name in used]
        types = ", ".join(
            f"{self.column(name)} {self._type(name)} {'NOT NULL' if name in job.conflict else 'NULL'}"
            for name in used
        )
        # The primary key tells MariaDB that it can go through both tables side by side.
        own = ", ".join(self.column(name) for name in job.conflict)
        key = f", PRIMARY KEY ({own})" if self._is_short() else ""
        await self.session.say(f"DROP TEMPORARY TABLE IF EXISTS {_STAGE}")
        await self.session.execute(
            f"CREATE TEMPORARY TABLE {_STAGE} ({types}{key}) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"
            " COLLATE=utf8mb4_nopad_bin",
            keep=False,
        )
        names = ", ".join(self.column(name) for name in used)
        for part in self._parts(list(last.values())):
            values = ", ".join([f"({', '.join('?' * len(used))})"] * len(part))
            await self.session.execute(
                f"INSERT INTO {_STAGE} ({names}) VALUES {values}",
                [self.tuples[place][at] for place in part for at in taken],
                keep=len(part) == self._rows_per_statement,
            )
        on = " AND ".join(f"t.{self.column(name)} = s.{self.column(name)}" for name in job.conflict)
        changed = [name for name in job.changed if name in used] or list(job.conflict[:1])
        sets = [f"t.{self.column(name)} = s.{self.column(name)}" for name in changed]
        arguments: list[Any] = []
        stamp = self.plans.managed_update if job.mode == "update" else None
        if stamp is not None:
            sets.append(f"t.{self.column(stamp.name)} = ?")
            arguments.append(job.now)
        sets += self.counted("t.")
        source = f"{_STAGE} AS s JOIN {self.table} AS t ON {on}"
        if len(last) < len(places):
            keys = ", ".join(f"s.{self.column(name)}" for name in job.conflict)
            present = (
                await self.session.execute(f"SELECT {keys} FROM {source} FOR UPDATE", keep=False)
            ).rows or ()
            found = {tuple(row) for row in present}
            count = sum(1 for place in places if tuple(self.tuples[place][at] for at in find) in found)
            await self.session.execute(f"UPDATE {source} SET {', '.join(sets)}", arguments, keep=False)
        else:
            done = await self.session.execute(f"UPDATE {source} SET {', '.join(sets)}", arguments, keep=False)
            count = int(done.affected_rows)
        await self.session.say(f"DROP TEMPORARY TABLE {_STAGE}")
        return count

    async def _resolve(self) -> BulkOutcome:
        """Skip or upsert. Rows of one batch that mean the same record: the first creates it, the last says what it holds."""
        job = self.job
        self._check_found_by()
        sets = self.skipped_by()
        known = [await self._existing(fields) for fields in sets]
        if self._rivals:
            self._check_rivals()
        places = [[job.columns.index(name) for name in fields] for fields in sets]
        new: list[int] = []
        old: list[int] = []
        born: dict[Tuple, int] = {}
        for place, row in enumerate(self.tuples):
            keys = [tuple(row[at] for at in found) for found in places]
            if any(key in there for key, there in zip(keys, known, strict=True) if None not in key):
                old.append(place)
                continue
            for key, there in zip(keys, known, strict=True):
                there[key] = None
            new.append(place)
            if job.mode == "upsert":
                born[keys[0]] = place
        # Rows without any unique value are skipped by nothing: `known` may be empty.
        return await (self._skip(new) if job.mode == "skip" else self._upsert(new, old, born, known[0]))

    def skipped_by(self) -> list[tuple[str, ...]]:
        """The fields that find a record which the row means: those of the conflict, or any that no two records may share."""
        if self.job.conflict:
            return [self.job.conflict]
        return [fields for fields in self.spec.unique_sets() if set(fields) <= set(self.job.columns)]

    async def _skip(self, new: list[int]) -> BulkOutcome:
        ids = await self.insert(new)
        outcome = BulkOutcome(created=len(new), skipped=len(self.rows) - len(new))
        if self.job.return_ids and len(self.spec.key) == 1:
            by_place = dict(zip(new, ids, strict=True))
            outcome.ids = [by_place.get(place) for place in range(len(self.rows))]
        self._report(outcome.skipped)
        return outcome

    async def _upsert(
        self, new: list[int], old: list[int], born: dict[Tuple, int], known: dict[Tuple, Any]
    ) -> BulkOutcome:
        ids = await self.insert(new)
        if old:
            await self._update(old, self.job.columns)
        outcome = BulkOutcome(created=len(new), updated=len(old))
        if self.job.return_ids and len(self.spec.key) == 1:
            by_place = dict(zip(new, ids, strict=True))
            find = [self.job.columns.index(name) for name in self.job.conflict]
            given = self._changed_keys()
            for place, row in enumerate(self.tuples):
                key = tuple(row[at] for at in find)
                own = known.get(key) if given is None else given[place]
                outcome.ids.append(by_place[born[key]] if key in born else own)
        self._report(len(old))
        return outcome

    def _changed_keys(self) -> list[Any] | None:
        """The keys that the rows give their records; None where they leave them."""
        (name,) = self.spec.key
        if name not in self.job.changed:
            return None
        at, reader = self.job.columns.index(name), self.plans.reader(name)
        return [row[at] if reader is None else reader(row[at]) for row in self.tuples]

    async def _existing(self, fields: Sequence[str]) -> dict[Tuple, Any]:
        """What the rows would meet, kept from others' changes: its values in these fields, and its key.

        Where they find the record, what it holds of the rivals is noted too.
        """
        find = [self.job.columns.index(name) for name in fields]
        wanted = list(
            {key: None for row in self.tuples if None not in (key := tuple(row[at] for at in find))}
        )
        columns = ", ".join(self.column(name) for name in fields)
        rivals = self._rivals if fields == self.job.conflict else []
        beside = "".join(f", {self.column(name)}" for names in rivals for name in names)
        key_column = f", {self.column(self.spec.key[0])}" if len(self.spec.key) == 1 else ""
        reader = self.plans.reader(self.spec.key[0]) if key_column else None
        found: dict[Tuple, Any] = {}
        for start in range(0, len(wanted), _LOOKED_UP):
            part = wanted[start : start + _LOOKED_UP]
            size = 1 << (len(part) - 1).bit_length()
            part += part[-1:] * (size - len(part))
            one = "?" if len(fields) == 1 else f"({', '.join('?' * len(fields))})"
            result = await self.session.execute(
                f"SELECT {columns}{beside}{key_column} FROM {self.table} WHERE ({columns}) IN ({', '.join([one] * size)}) FOR UPDATE",
                [value for key in part for value in key],
            )
            for row in result.rows or ():
                own = row[-1] if key_column else None
                sought = tuple(row[: len(fields)])
                found[sought] = reader(own) if reader is not None else own
                at = len(fields)
                for names in rivals:
                    self._held.setdefault(names, {})[tuple(row[at : at + len(names)])] = sought
                    at += len(names)
        return found

    def _check_rivals(self) -> None:
        """Sees to it that no row takes a unique value that the record of another one holds, or held: then their order matters."""
        job, columns = self.job, self.job.columns
        find = [columns.index(name) for name in job.conflict]
        sought = [tuple([row[at] for at in find]) for row in self.tuples]
        if len(set(sought)) < len(sought):
            raise _InTurn
        for names, held in self._held.items():
            if not set(names) <= set(columns):
                raise _InTurn  # part of the value stands in the table only
            places = [columns.index(name) for name in names]
            for own, row in zip(sought, self.tuples, strict=True):
                value = tuple([row[at] for at in places])
                if None not in value and held.get(value, own) != own:
                    raise _InTurn

    # -------------------------------------------------------------- the row at fault

    async def find_fault(self) -> int:
        """The place of the first row that cannot be inserted after those before it. Nothing that was tried stays."""
        low, high = 0, len(self.tuples)
        try:
            async with self.session.atomic():
                while high - low > 1:
                    middle = (low + high) // 2
                    try:
                        async with self.session.atomic():
                            await self.insert(range(low, middle), reports=False)
                        low = middle
                    except FAULTS:
                        high = middle
                raise _Undo  # noqa: TRY301 - the savepoint undoes what raises through it
        except _Undo:
            return low

    # -------------------------------------------------------------- small things

    @property
    def _rows_per_statement(self) -> int:
        return max(1, min(ROWS_PER_STATEMENT, MOST_PLACEHOLDERS // max(1, len(self.job.columns))))

    def _parts(self, places: Sequence[int]) -> Iterator[Sequence[int]]:
        """The places in runs that fit into one statement and one packet."""
        most, largest = self._rows_per_statement, self.session.lane.largest // 2
        start, size = 0, 0
        for number, place in enumerate(places):
            weight = self._weight(self.tuples[place])
            if number > start and (number - start == most or size + weight > largest):
                yield places[start:number]
                start, size = number, 0
            size += weight
        if start < len(places):
            yield places[start:]

    def _weight(self, row: Tuple) -> int:
        """About how many bytes a row takes in a packet."""
        weight = _SHORT_WEIGHT * len(row)
        for at in self._long:
            value = row[at]
            if value.__class__ is str:
                weight += 4 * len(value)
            elif value.__class__ is bytes:
                weight += len(value)
        return weight

    def _check_found_by(self) -> None:
        if self.job.mode != "upsert":
            return
        for place, row in enumerate(self.rows):
            for name in self.job.conflict:
                if row[name] is None:
                    raise in_row(nothing_to_find_by(self.job, name), self.job, place, None)

    def _is_short(self) -> bool:
        """Whether what finds the records can be indexed: texts that a key has are."""
        kinds = {str(self._type(name)).partition(" ")[0] for name in self.job.conflict}
        return not any("TEXT" in kind or "BLOB" in kind for kind in kinds)

    def _type(self, name: str) -> str:
        return str(self.plans.column(name).type.compile(self.plans.dialect.sqlalchemy))

    def counted(self, table: str) -> list[str]:
        """What counts a record's change, as an assignment."""
        if self.job.version is None:
            return []
        column = f"{table}{self.column(self.job.version)}"
        return [f"{column} = {column} + 1"]

    def column(self, name: str) -> str:
        return str(self._quote(self.spec.by_name[name].column))

    def _report(self, count: int) -> None:
        self._reported += count
        if self.job.done is not None and count:
            self.job.done(count)

    def report_all(self) -> None:
        """Says that the rest of the rows is done too."""
        self._report(len(self.rows) - self._reported)


class _Undo(Exception):
    """Ends a trial."""


class _InTurn(Exception):
    """The rows may be in one another's way: they have to be written one after another."""


def _may_be_long(field: FieldSpec) -> bool:
    return field.encrypted or field.kind not in _SHORT
