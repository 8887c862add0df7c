import itertools

from studio.session.sample import sample_models, sample_project, sample_rows, sample_workflow

CARD_WIDTH_PX, CARD_HEIGHT_PX, GAP_PX = 240.0, 162.0, 38.0


def test_the_same_rows_come_out_each_time():
    assert sample_rows() == sample_rows()


def test_the_rows_fit_together():
    rows = sample_rows()
    customers = {row["id"] for row in rows["Customer"]}
    prices = {row["id"]: row["price"] for row in rows["Product"]}
    assert len({row["email"] for row in rows["Customer"]}) == len(customers)
    assert len({row["name"] for row in rows["Product"]}) == len(prices)
    totals = dict.fromkeys((row["id"] for row in rows["Order"]), 0)
    for line in rows["OrderLine"]:
        assert line["price"] == prices[line["product_id"]]
        totals[line["order_id"]] += line["price"] * line["quantity"]
    assert [(row["id"], row["total"]) for row in rows["Order"]] == list(totals.items())
    assert {row["customer_id"] for row in rows["Order"]} <= customers
    assert 200 <= sum(map(len, rows.values())) <= 900


def test_every_record_has_a_model():
    assert [spec.name for spec in sample_models()] == list(sample_rows())


def test_nothing_overlaps_on_the_canvas():
    workflow = sample_workflow()
    assert set(workflow.places) == set(workflow.nodes)
    boxes = [(place.x, place.y, CARD_WIDTH_PX, CARD_HEIGHT_PX) for place in workflow.places.values()]
    boxes += [(note.x, note.y, note.width, note.height) for note in workflow.notes.values()]
    for (ax, ay, aw, ah), (bx, by, bw, bh) in itertools.combinations(boxes, 2):
        apart_x = max(bx - (ax + aw), ax - (bx + bw))
        apart_y = max(by - (ay + ah), ay - (by + bh))
        assert max(apart_x, apart_y) >= GAP_PX


def test_the_project_names_its_one_connection_and_starts_with_a_note():
    project = sample_project("sqlite:///x.sqlite")
    assert list(project.connections) == [project.default_connection]
    (workflow,) = project.workflows.values()
    assert len(workflow.notes) == 1
