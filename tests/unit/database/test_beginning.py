"""What happens when many begin at once on a database that nobody has used yet?"""

import asyncio

from studio.database import Database, schema
from tests.unit.database.opening import CUSTOMER, SHOP


def test_of_many_that_begin_together_one_makes_the_tables_and_the_others_wait_for_them(
    sqlite_url, monkeypatch
):
    looks = []
    ensure = schema.ensure

    async def counted(*args, **kwargs):
        looks.append(1)
        return await ensure(*args, **kwargs)

    monkeypatch.setattr(schema, "ensure", counted)

    async def story():
        database = Database(sqlite_url)
        try:

            async def one(number):
                await database.ensure(SHOP)
                await database.access().create(
                    CUSTOMER, {"id": str(number), "email": f"{number}@example.org"}
                )

            await asyncio.gather(*(one(number) for number in range(50)))
            assert await database.access().count(CUSTOMER) == 50
        finally:
            await database.close()

    asyncio.run(story())
    assert len(looks) == 1
