"""What can be asked of a database? Everything: reads, single writes and bulk writes of models, and a person's own SQL."""

from __future__ import annotations

from studio.database.bulk_writes import BulkWrites


class Access(BulkWrites):
    """Reads and writes, made by `Database.access()` (each call commits) and `Database.transaction()` (all or nothing).

    Every method may be cancelled: the statement is stopped at the driver, what it wrote is undone, and the next call finds the database
    in order.
    """
