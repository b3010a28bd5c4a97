"""The workbench at /: every view, and what may go wrong."""

import csv
import gzip
import re
import subprocess
import urllib.request

import pytest
from playwright.sync_api import expect

from conftest import circles, free_port, orders


def spoiled(count=600):
    """Orders with errors where there are so many rows: a price in row 51, an unknown city in row 101, a day that is none in row 201."""
    rows = [line.split(",") for line in orders(count, seed=5)]
    rows[51][4] = "80.00"
    if count > 101:
        rows[101][2] = "Paris"
    if count > 201:
        rows[201][1] = "2024-13-01"
    return [",".join(row) for row in rows]


def paste(page, lines):
    expect(page.locator("#view-table")).to_be_visible()
    page.locator("#paste").evaluate("(box, text) => { box.value = text; }", "\n".join(lines))
    page.get_by_role("button", name="Rank the pasted rows").click()


def settled(page):
    """All rows are scored, and those shown are explained and have their repairs."""
    expect(page.locator("#ranking-rows tr").first).to_be_visible()
    expect(page.locator("#ranking")).to_have_attribute("aria-busy", "false")
    expect(page.locator("#progress")).to_be_hidden()


def ranked(page):
    return [
        int(text.split(",")[0].replace("\u202f", "")) for text in page.locator("#ranking-rows th").all_inner_texts()
    ]


def flagged(page):
    return int(re.search(r"([\d,]+) flagged", page.locator("#count").inner_text())[1].replace(",", ""))


def row(page, number):
    return page.locator("#ranking-rows tr").filter(has=page.locator(f"th:text-matches('^{number}(,|$)')"))


def downloaded(page, button):
    with page.expect_download() as waiting:
        page.get_by_role("button", name=button).click()
    path = waiting.value.path()
    return waiting.value.suggested_filename, path.read_text()


# A table


def test_ranks_pasted_rows_as_the_server_does(visit, server, check):
    page = visit()
    check(page, "table-empty")
    lines = spoiled()
    paste(page, lines)
    settled(page)
    assert ranked(page)[0] == 51 and 101 in ranked(page)[:5]
    # The same rows in one request.
    rows = list(csv.DictReader(lines))
    del rows[200]
    for entry in rows:
        del entry["id"]
        entry["note"] = entry["note"] or None
    answer = server.ask("/models/orders/score", {"rows": rows})
    assert flagged(page) == sum(answer["anomaly"])
    numbers = [number for number in range(1, 601) if number != 201]
    by_score = sorted(range(len(rows)), key=lambda place: (-answer["score"][place], place))
    assert ranked(page) == [numbers[place] for place in by_score[:50]]
    expect(page.locator("#faults-title")).to_have_text("1 row could not be scored")
    page.locator("#faults-title").click()
    expect(page.locator("#faults-list li")).to_contain_text('Row 201: when: "2024-13-01" is not a date')
    check(page, "table")


def test_marks_suspicious_cells_with_what_was_expected(visit, check):
    page = visit()
    paste(page, spoiled())
    settled(page)
    cell = row(page, 51).locator("td.odd").filter(has_text="80.00")
    expect(cell).to_contain_text(re.compile(r"expected 1[01]\.\d+, [\d.]+ to [\d.]+"))
    expect(row(page, 101).locator("td.odd").first).to_contain_text("Paris")
    # No cell in alarm colour in a row that is no anomaly, and one at least in each that is.
    for line in page.locator("#ranking-rows tr").all():
        is_flagged = "flagged" in (line.get_attribute("class") or "")
        assert (line.locator("td.odd").count() > 0) == is_flagged
    assert page.locator("#ranking-rows tr:not(.flagged)").count() > 0


def test_moves_alpha_by_slider_number_and_histogram(visit, check):
    page = visit()
    paste(page, spoiled())
    settled(page)
    before = flagged(page)
    normal, alarmed = (
        [float(bar.get_attribute("x")) for bar in page.locator(f"#histogram .bar{kind}").all()]
        for kind in [":not(.flagged)", ".flagged"]
    )
    assert len(normal) > 10 and max(normal) <= min(alarmed)
    line = float(page.locator("#histogram .limit").get_attribute("x1"))
    assert max(normal) < line < max(alarmed)
    slider = page.get_by_role("slider", name="Alpha")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("PageUp")
    page.keyboard.press("PageUp")
    expect(page.locator("#count")).not_to_contain_text(f", {before} flagged")
    settled(page)
    more = flagged(page)
    assert more > before
    number = page.get_by_label("Alpha as a number")
    number.fill("0.2")
    number.press("Enter")
    expect(page.locator("#count")).to_contain_text("at alpha 0.2")
    settled(page)
    assert flagged(page) > more
    # Every flagged row that is shown is marked, now that there are more.
    assert page.locator("#ranking-rows tr.flagged td.odd").count() >= page.locator("#ranking-rows tr.flagged").count()
    number.fill("0.0000001")
    number.press("Enter")
    expect(page.locator("#table-error")).to_contain_text("smallest p-value")
    expect(number).to_have_attribute("aria-invalid", "true")
    check(page, "alpha-refused")
    box = page.locator("#histogram").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.97, box["y"] + 60)
    page.mouse.up()
    settled(page)
    assert 0 < flagged(page) < more
    check(page, "alpha-dragged")


def test_moves_the_marker_in_the_histogram_by_keyboard(visit, check):
    page = visit()
    paste(page, spoiled())
    settled(page)
    marker = page.get_by_role("slider", name="Score from which rows are flagged")

    def press(key, times=1):
        for _ in range(times):
            marker.press(key)
        settled(page)
        told = re.fullmatch(r"score ([\d.e+-]+), ([\d,]+) rows? flagged at alpha (\S+)", marker.get_attribute("aria-valuetext"))
        assert told and int(told[2]) == flagged(page) and f"at alpha {told[3]}" in page.locator("#count").inner_text()
        now, least, most = (float(marker.get_attribute(f"aria-value{name}")) for name in ["now", "min", "max"])
        assert least <= now <= most and f"{now:.3g}" == f"{float(told[1]):.3g}"
        line, grip = page.locator("#histogram .limit"), marker.bounding_box()
        if line.count():
            assert abs(line.bounding_box()["x"] - grip["x"] - grip["width"] / 2) < 2
        return flagged(page), now

    # From among rows whose p-values differ: those beyond all calibration rows share the smallest.
    before, score = press("ArrowLeft", 5)
    # Each step to the right flags fewer rows, from a higher score on; to the left more.
    fewer, higher = press("ArrowRight", 2)
    assert 0 < fewer < before and higher > score
    more, lower = press("ArrowLeft", 3)
    assert more > before and lower < score
    assert press("ArrowUp")[0] < more and press("ArrowDown")[0] == more
    assert press("PageDown")[0] >= more + 10 and press("PageUp")[0] == more
    check(page, "alpha-marker")
    last = press("End")
    assert last == press("ArrowRight"), "there is nothing beyond the end"
    first = press("Home")
    assert first == press("ArrowLeft") and first[0] > 500 and first[1] == float(marker.get_attribute("aria-valuemin"))
    # The slider below tells of the same alpha, and both follow the pointer.
    press("End")
    expect(page.get_by_label("Alpha as a number")).to_have_value(
        re.search(r"alpha (\S+)", marker.get_attribute("aria-valuetext"))[1]
    )
    box = page.locator("#histogram").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + 60)
    settled(page)
    assert flagged(page) > more and abs(marker.bounding_box()["x"] - box["x"] - box["width"] * 0.5) < 40
    marker.press("Tab")
    expect(page.get_by_role("slider", name="Alpha, the share")).to_be_focused()


def test_accepts_a_repair_by_a_click_and_undoes_it(visit, check):
    page = visit()
    lines = spoiled()
    paste(page, lines)
    settled(page)
    count, before = flagged(page), row(page, 51).inner_text()
    row(page, 51).get_by_role("button", name=re.compile("^Accept the repair of row 51")).click()
    expect(row(page, 51).locator("td.changed")).to_contain_text(re.compile(r"80.00 1[01]\.\d+"))
    expect(page.locator("#edit-status")).to_contain_text("Row 51 repaired")
    expect(page.get_by_role("button", name="Undo the repair of row 51")).to_be_focused()
    assert flagged(page) == count - 1 and ranked(page)[0] == 51
    assert "flagged" not in (row(page, 51).get_attribute("class") or "")
    check(page, "repaired")
    name, text = downloaded(page, "Download table")
    assert name == "Pasted-rows-repaired.csv"
    changed = [(old, new) for old, new in zip(lines, text.splitlines(), strict=True) if old != new]
    assert len(changed) == 1 and re.fullmatch(re.escape(changed[0][0]).replace(r"80\.00", r"1[01]\.\d+"), changed[0][1])
    name, text = downloaded(page, "Download scores")
    scores = list(csv.DictReader(text.splitlines()))
    assert len(scores) == 600 and scores[50]["repaired"] == "true" and scores[50]["anomaly"] == "false"
    assert scores[200]["score"] == "" and "2024-13-01" in scores[200]["error"]
    page.get_by_role("button", name="Undo the repair of row 51").click()
    settled(page)
    assert flagged(page) == count and row(page, 51).inner_text() == before
    # A single cell, and all that can be repaired.
    take = page.get_by_role("button", name=re.compile("^Row .*: take .* instead of")).first
    number = int(re.match(r"Row (\d+)", take.get_attribute("aria-label"))[1])
    take.click()
    expect(row(page, number).locator("td.changed")).to_have_count(1)
    settled(page)
    page.get_by_role("button", name="Repair the rows shown").click()
    expect(page.locator("#edit-status")).to_contain_text("rows repaired")
    settled(page)
    assert flagged(page) < count - 1
    assert page.get_by_role("button", name=re.compile("^Accept the repair")).count() == 0


def test_ranks_a_file_while_it_is_read(visit, tmp_path, check):
    """Semicolons, quotes with line ends, Latin-1, gzip; many rows in several requests."""
    lines = [line.replace(",", ";") for line in spoiled(20000)]
    lines[0] += ";remark"
    lines[1:] = [line + ';"Zoë says ""no;""\nand more"' for line in lines[1:]]
    path = tmp_path / "orders.csv.gz"
    path.write_bytes(gzip.compress("\r\n".join(lines).encode("latin-1")))
    page = visit()
    sizes = []
    page.on("request", lambda asked: "/score?" in asked.url and sizes.append(asked.post_data.count("Zo")))
    expect(page.locator("#view-table")).to_be_visible()
    page.evaluate("""() => { window.counts = [];
      new MutationObserver(() => counts.push(document.querySelector("#count").textContent))
        .observe(document.querySelector("#count"), {childList: true}); }""")
    page.get_by_label("Choose a CSV file").set_input_files(path)
    settled(page)
    assert any("so far" in text for text in page.evaluate("counts"))
    expect(page.locator("#count")).to_contain_text("20,000 rows,")
    expect(page.locator("#notice")).to_contain_text("Not of this model, and passed over: remark")
    assert sum(sizes) >= 20000 and len(sizes) > 4 and sizes[0] < 1000
    assert ranked(page)[0] == 51
    expect(row(page, 51)).to_contain_text('Zoë says "no;"')
    row(page, 51).get_by_role("button", name=re.compile("^Accept")).click()
    expect(row(page, 51).locator("td.changed")).to_be_visible()
    name, text = downloaded(page, "Download table")
    assert name == "orders-repaired.csv"
    read = list(csv.reader(text.splitlines(keepends=True), delimiter=";"))
    assert len(read) == 20001 and read[51][7] == 'Zoë says "no;"\nand more' and float(read[51][4]) < 13
    page.get_by_role("button", name="Show more rows").click()
    assert page.locator("#ranking-rows tr").count() == 100


def test_takes_a_dropped_file_and_a_pasted_one(visit):
    page = visit()
    expect(page.locator("#view-table")).to_be_visible()
    transfer = page.evaluate_handle(
        "text => { const data = new DataTransfer(); data.items.add(new File([text], 'dropped.csv')); return data; }",
        "\n".join(spoiled(100)),
    )
    page.locator("#drop").dispatch_event("dragover", {"dataTransfer": transfer})
    expect(page.locator("#drop")).to_have_class(re.compile("over"))
    page.locator("#drop").dispatch_event("drop", {"dataTransfer": transfer})
    settled(page)
    expect(page.locator("#source")).to_have_text("dropped.csv")
    assert ranked(page)[0] == 51
    page.evaluate(
        """text => { const data = new DataTransfer(); data.setData("text/plain", text);
      document.body.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true})); }""",
        "\n".join(spoiled(150)),
    )
    expect(page.locator("#count")).to_contain_text("150 rows,")
    settled(page)
    assert ranked(page)[0] == 51


def test_stops_and_says_so(visit, server):
    page = visit()
    asked = []
    page.route("**/score?*", lambda route: asked.append(route) or (route.fallback() if len(asked) == 1 else None))
    paste(page, spoiled(3000))
    expect(page.locator("#count")).to_contain_text("so far")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#count")).to_contain_text("then stopped")
    expect(page.locator("#progress")).to_be_hidden()


def test_ranks_by_another_statistic(visit):
    page = visit()
    paste(page, spoiled())
    settled(page)
    before = page.locator("#ranking-rows td.number").first.inner_text()
    page.get_by_label("Rank by").select_option("likelihood")
    expect(page.locator("#ranking-rows td.number").first).not_to_have_text(before)
    settled(page)
    assert ranked(page)[0] == 51
    expect(page.locator("#count")).to_contain_text("600 rows,")


def test_takes_rows_without_some_columns_as_not_known(visit, check):
    page = visit()
    rows = [line.split(",") for line in spoiled(300)]
    paste(page, [",".join(cells[:5]) for cells in rows])
    settled(page)
    expect(page.locator("#notice")).to_contain_text("Not in this table, so not known: express, note")
    expect(page.get_by_label("Empty cells")).to_have_value("unknown")
    assert ranked(page)[0] == 51
    check(page, "columns-absent")


@pytest.mark.parametrize(
    "text, said",
    [
        ("a,b,c\n1,2,3", "The first line names none of the model’s columns: when, city"),
        ('{"city": "Bern"}', "looks like JSON"),
        ("city,weight", "no rows below the header"),
        ("city,city\nBern,Bern", "city"),
    ],
)
def test_refuses_what_is_no_table_of_the_model(visit, check, text, said):
    page = visit(expected=["400", "422"])
    paste(page, text.split("\n"))
    expect(page.locator("#table-error")).to_contain_text(said)
    expect(page.locator("#drop")).to_be_visible()
    check(page, "refused")


def test_takes_rows_without_a_header_in_the_models_order(visit):
    page = visit()
    paste(page, [",".join(line.split(",")[1:]) for line in spoiled(100)[1:]])
    settled(page)
    expect(page.locator("#notice")).to_contain_text("The first line names no column of the model")
    expect(page.locator("#count")).to_contain_text("100 rows,")
    assert ranked(page)[0] == 51


def test_ranks_drawn_rows_for_who_has_no_table(visit):
    page = visit()
    page.get_by_role("button", name="Try it with drawn rows").click()
    settled(page)
    expect(page.locator("#count")).to_contain_text("300 rows")
    page.get_by_role("button", name="Another table").click()
    expect(page.locator("#drop")).to_be_visible()


def test_shows_texts_as_texts(visit):
    page = visit()
    lines = spoiled(100)
    lines[0] += ",<b>note</b>"
    lines[1:] = [line + ",<img src=x onerror=alert(1)>" for line in lines[1:]]
    paste(page, lines)
    settled(page)
    assert page.locator("main img, main table b:text-is('note')").count() == 0
    expect(row(page, 51)).to_contain_text("<img src=x onerror=alert(1)>")


def test_flags_nothing_without_a_calibration(visit, check):
    page = visit()
    page.locator("#model").select_option("plain")
    expect(page).to_have_title(re.compile("^plain"))
    paste(page, spoiled(200))
    settled(page)
    expect(page.locator("#count")).to_contain_text("no calibration")
    expect(page.locator("#alpha-tools")).to_be_hidden()
    assert page.locator("td.odd, tr.flagged").count() == 0 and ranked(page)[0] == 51
    check(page, "no-calibration")
    page.get_by_role("link", name="One row").click()
    expect(page.locator("#verdict")).to_contain_text("log-likelihood")
    expect(page.locator("#gains li").first).to_be_visible()
    assert page.locator("#view-row .odd").count() == 0
    check(page, "row-no-calibration")


def test_says_among_which_rows_a_row_is_rare(visit, server, check):
    page = visit()
    page.locator("#model").select_option("grouped")
    expect(page).to_have_title(re.compile("^grouped"))
    lines = spoiled(200)
    lines[3] = re.sub("Bern|Graz|Lyon", "Oslo", lines[3])
    paste(page, lines)
    settled(page)
    heads = page.locator("#ranking-head th").all_inner_texts()
    assert heads[3] == "Among city"
    while page.locator("#more").is_visible():
        page.locator("#more").click()
    groups = {
        number: line.locator("td").nth(2).inner_text()
        for number, line in zip(ranked(page), page.locator("#ranking-rows tr").all())
    }
    rows = [line.split(",") for line in lines[1:]]
    assert len(groups) == 200 and groups[3] == groups[101] == "the rest"
    assert all(groups[number] == rows[number - 1][2] for number in groups if number not in (3, 101))
    check(page, "table-groups")
    # A repair of the city changes the group that the row is compared with, and its undoing changes it back.
    row(page, 101).get_by_role("button", name="Accept the repair of row 101").click()
    settled(page)
    assert row(page, 101).locator("td").nth(2).inner_text() in ("Bern", "Graz", "Lyon")
    row(page, 101).get_by_role("button", name="Undo the repair of row 101").click()
    expect(row(page, 101).locator("td").nth(2)).to_have_text("the rest")
    name, text = downloaded(page, "Download scores")
    scores = list(csv.DictReader(text.splitlines()))
    assert scores[2]["group"] == "" and scores[0]["group"] == rows[0][2] and scores[0]["p_value"]
    page.get_by_role("button", name="Open row 1", exact=True).click()
    expect(page.locator("#figures")).to_contain_text(f"city: {rows[0][2]}")
    check(page, "row-group")
    page.locator("#row > label").filter(has_text="city").locator("select").select_option("Oslo")
    expect(page.locator("#figures")).to_contain_text("city: the rest")
    # Of a model without groups there is nothing to say.
    page.locator("#model").select_option("orders")
    expect(page.locator("#figures dd").first).to_be_visible()
    expect(page.locator("#figures")).not_to_contain_text("among")


# One row


def values_of(page):
    return {
        cell.locator("span").inner_text(): cell.locator("input, select") for cell in page.locator("#row > label").all()
    }


def test_judges_a_row_by_hand(visit, check):
    page = visit("/#row")
    expect(page.locator("#verdict")).not_to_be_empty()
    values = values_of(page)
    for name, text in {"when": "2024-03-01", "weight": "2.0", "price": "80"}.items():
        values[name].fill(text)
        values[name].press("Enter")
    values["city"].select_option(label="Bern")
    values["express"].select_option(label="yes")
    values["note"].select_option(label="a")
    expect(page.locator("#verdict")).to_contain_text("An anomaly")
    expect(page.locator("#row .odd span")).to_have_text(["price"])
    expect(page.locator("#gains li.odd")).to_contain_text(["price"])
    expect(page.locator("#gains li").first).to_contain_text(re.compile(r"80, expected 1\d"))
    page.locator("#gains").get_by_role("button", name="price").click()
    expect(page.locator("#conditional-title")).to_have_text("price, given all other values")
    expect(page.locator("#conditional svg")).to_have_attribute("aria-label", re.compile("the row has 80"))
    check(page, "row-anomaly")
    page.locator("#gains").get_by_role("button", name="city").click()
    expect(page.locator("#conditional li.mine")).to_contain_text("Bern")
    expect(page.locator("#conditional li.odd")).to_have_count(0)
    page.locator("#gains").get_by_role("button", name="when").click()
    expect(page.locator("#conditional")).to_contain_text("Monday")
    page.get_by_role("button", name="Accept").click()
    expect(page.locator("#verdict")).to_contain_text("Nothing odd")
    assert float(values["price"].input_value()) < 13
    assert page.locator("#view-row .odd").count() == 0
    check(page, "row-normal")


def test_says_which_value_of_a_row_cannot_be_read(visit, check):
    page = visit("/#row", expected=["422"])
    expect(page.locator("#verdict")).not_to_be_empty()
    price = values_of(page)["price"]
    price.fill("much")
    price.press("Enter")
    expect(page.locator("#verdict")).to_contain_text("is not a finite number")
    expect(price).to_have_attribute("aria-invalid", "true")
    check(page, "row-refused")
    price.fill("")
    price.press("Enter")
    expect(page.locator("#gains li").first).to_be_visible()


def test_empties_spoils_and_draws(visit):
    page = visit("/#row")
    expect(page.locator("#verdict")).not_to_be_empty()
    page.get_by_role("button", name="Empty all").click()
    expect(values_of(page)["weight"]).to_have_value("")
    page.get_by_role("button", name="Draw a usual row").click()
    expect(values_of(page)["weight"]).not_to_have_value("")
    page.get_by_role("button", name="Spoil a value").click()
    expect(page.locator("#verdict")).not_to_be_empty()


def test_opens_a_row_of_the_table_by_hand(visit):
    page = visit()
    paste(page, spoiled(100))
    settled(page)
    page.get_by_role("button", name="Open row 51", exact=True).click()
    expect(page.locator("#verdict")).to_contain_text("An anomaly")
    expect(page.locator("main")).to_be_focused()
    assert values_of(page)["price"].input_value() in ("80", "80.00")
    page.go_back()
    expect(page.locator("#ranking-rows tr").first).to_be_visible()


def test_has_thousands_of_labels(visit, check):
    page = visit("/#row")
    page.locator("#model").select_option("items")
    expect(page.locator("#about")).to_contain_text("items, version 1")
    expect(page.locator("#verdict")).not_to_be_empty()
    code = page.locator("#row > label").filter(has_text="code").locator("input")
    code.fill("item 4")
    assert page.locator("#labels-0 option").count() == 50
    code.fill("item 4321")
    assert (
        page.locator("#labels-0 option").all_inner_texts() == [""]
        and page.locator("#labels-0 option").get_attribute("value") == "item 4321"
    )
    code.press("Enter")
    page.locator("#gains").get_by_role("button", name="code").click()
    expect(page.locator("#conditional li.mine")).to_contain_text("item 4321")
    expect(page.locator("#conditional li").last).to_contain_text(re.compile(r"4,9\d\d other"))
    check(page, "labels")
    page.get_by_role("link", name="Table").click()
    page.get_by_role("button", name="Try it with drawn rows").click()
    settled(page)
    assert page.evaluate("document.querySelectorAll('*').length") < 6000


# 784 columns, pictures


def test_has_784_columns(visit, check):
    page = visit()
    page.locator("#model").select_option("circles")
    expect(page).to_have_title(re.compile("^circles"))
    page.get_by_role("button", name="Try it with drawn rows").click()
    settled(page)
    expect(page.locator("#ranking-rows canvas").first).to_be_visible()
    page.get_by_label("Alpha as a number").fill("0.2")
    page.get_by_label("Alpha as a number").press("Enter")
    expect(page.locator("#ranking-rows .chip").first).to_contain_text("expected")
    settled(page)
    check(page, "columns-784")
    page.get_by_role("button", name=re.compile("^Row .* take")).first.click()
    expect(page.locator(".chip.changed").first).to_be_visible()
    page.get_by_role("link", name="One row").click()
    expect(page.locator("#row button")).to_have_count(784)
    expect(page.locator("#verdict")).not_to_be_empty()
    # One stop of the Tab key, and arrows within.
    assert page.locator("#row button[tabindex='0']").count() == 1
    first = page.get_by_role("button", name="pixel_0", exact=True)
    first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    second = page.get_by_role("button", name="pixel_29", exact=True)
    expect(second).to_be_focused()
    assert page.locator("#row button[tabindex='0']").count() == 1
    was = second.get_attribute("aria-pressed")
    page.keyboard.press("Space")
    expect(second).to_have_attribute("aria-pressed", "false" if was == "true" else "true")
    check(page, "row-784")


def test_shows_what_tells_rows_of_a_wide_table_apart(visit):
    page = visit()
    page.locator("#model").select_option("circles")
    expect(page).to_have_title(re.compile("^circles"))
    lines = circles(30)
    paste(page, ["id," + lines[0]] + [f"no {place},{line}" for place, line in enumerate(lines[1:], 1)])
    settled(page)
    expect(page.get_by_role("columnheader", name="id", exact=True)).to_be_visible()
    expect(row(page, 7)).to_contain_text("no 7")
    assert page.get_by_role("columnheader").count() == 7


def test_draws_pictures(visit, check):
    page = visit("/#samples")
    page.locator("#model").select_option("digits")
    expect(page.locator("#sample-rows canvas")).to_have_count(20)
    ink = page.locator("#sample-rows canvas").first.evaluate(
        "box => [...box.getContext('2d').getImageData(0, 0, 8, 8).data].filter((value, place) => place % 4 === 0 && value === 0).length"
    )
    assert 5 < ink < 60
    check(page, "pictures")
    page.locator("#sample-rows button").first.click()
    expect(page.locator("#row button")).to_have_count(64)
    expect(page.locator("#verdict")).not_to_be_empty()


def test_draws_rows_again_by_their_seed(visit, check):
    page = visit("/#samples")
    expect(page.locator("#sample-rows tbody tr")).to_have_count(20)
    check(page, "samples")
    page.get_by_label("Seed").fill("12345678901234567")
    page.get_by_label("Rows", exact=True).fill("3")
    page.get_by_role("button", name="Draw", exact=True).click()
    expect(page.locator("#sample-status")).to_have_text("3 rows drawn with seed 12345678901234567.")
    before = page.locator("#sample-rows tbody").inner_text()
    page.get_by_role("button", name="Draw", exact=True).click()
    expect(page.locator("#sample-status")).to_have_text("3 rows drawn with seed 12345678901234567.")
    assert page.locator("#sample-rows tbody").inner_text() == before
    name, text = downloaded(page, "Download")
    assert name == "orders-samples.csv" and len(text.splitlines()) == 4 and text.startswith("when,city,")


def test_draws_rows_that_have_some_values(visit, check):
    page = visit("/#samples", expected=["422"])
    expect(page.locator("#sample-rows tbody tr")).to_have_count(20)
    columns = page.get_by_label("Fix a value")

    def field(name):
        return page.locator("#sample-fixed label").filter(has_text=name).locator("input, select")

    columns.select_option("city")
    city = field("city")
    expect(city).to_be_focused()
    city.select_option("Bern")
    columns.select_option("weight")
    field("weight").fill("1.5")
    assert "city" not in columns.locator("option").all_inner_texts()
    check(page, "samples-fixed")
    def draw():
        page.get_by_role("button", name="Draw", exact=True).click()
        expect(page.locator("#sample-status")).to_contain_text("drawn with seed")

    def drawn(name):
        heads = page.locator("#sample-rows thead th").all_inner_texts()
        return page.locator(f"#sample-rows tbody tr > :nth-child({heads.index(name) + 1})").all_inner_texts()

    draw()
    expect(page.locator("#sample-status")).to_contain_text("independent ones")
    assert drawn("city") == ["Bern"] * 20 and drawn("weight") == ["1.5"] * 20
    # The price follows from both: 4 * 1.5 + 3, give or take.
    prices = sorted(map(float, drawn("price")))
    assert 8 < prices[10] < 10

    field("weight").fill("heavy")
    page.get_by_role("button", name="Draw", exact=True).click()
    expect(page.locator("#sample-error")).to_contain_text("given.weight")
    expect(field("weight")).to_have_attribute("aria-invalid", "true")
    check(page, "samples-refused")
    page.get_by_role("button", name="Remove the value of weight").click()
    expect(field("weight")).to_have_count(0)
    expect(columns).to_be_focused()
    draw()
    expect(page.locator("#sample-error")).to_be_hidden()
    assert drawn("city") == ["Bern"] * 20 and len(set(drawn("weight"))) > 5
    # An empty field fixes nothing, and another model has columns of its own.
    city.select_option("drawn")
    draw()
    assert set(drawn("city")) == {"Bern", "Graz", "Lyon"}
    page.locator("#model").select_option("nltcs")
    expect(page.locator("#sample-fixed")).to_be_hidden()
    expect(page.locator("#sample-rows thead")).to_contain_text("v0")
    columns.select_option("v4")
    field("v4").select_option("1")
    draw()
    assert drawn("v4") == ["1"] * 20


# Drift


def test_shows_drift_as_it_grows(visit, start, models, check):
    server = start(models / "orders.safetensors")
    page = visit("/#drift", at=server)
    expect(page.locator("#drift-verdict")).to_contain_text("No row has been scored")
    check(page, "drift-none")
    rows = [line.split(",")[1:] for line in orders(400, seed=9)[1:]]
    server.ask("/score", {"rows": [[*cells[:5], cells[5] or None] for cells in rows]})
    expect(page.locator("#drift-verdict")).to_have_text("No sign of drift.")
    server.ask("/score", {"rows": [[*cells[:3], float(cells[3]) * 1.5, cells[4], cells[5] or None] for cells in rows]})
    expect(page.locator("#drift-verdict")).to_contain_text("Rows have drifted")
    expect(page.locator("#martingale")).to_have_attribute("aria-label", re.compile("after 800 rows"))
    assert page.locator("#martingale polyline").last.get_attribute("points").count(",") == 2
    expect(page.locator("#drift-columns tbody th").first).to_have_text(re.compile("price|weight"))
    check(page, "drift")


# Models


def test_lists_failed_and_loading_models(visit, server, check):
    page = visit()
    listed = server.ask("/models")["models"] + [{"name": "later", "version": "1", "state": "loading", "default": False}]
    page.route("**/models", lambda route: route.fulfill(json={"models": listed}))
    page.get_by_role("link", name="Models").click()
    line = page.locator("#models-table tr").filter(has_text="broken")
    expect(line).to_contain_text("failed")
    expect(line).to_contain_text("not a whole safetensors file")
    expect(line.get_by_role("button")).to_have_count(0)
    expect(page.locator("#models-table tr").filter(has_text="later")).to_contain_text("loading")
    check(page, "models")
    page.get_by_role("button", name="Choose nltcs").click()
    expect(page.locator("#model")).to_have_value("nltcs")
    # What was loading is ready: the page sees it by itself.
    listed[-1] = {**listed[-1], "state": "ready"}
    expect(page.get_by_role("button", name="Choose later")).to_be_visible()


def test_keeps_the_model_chosen_last(visit):
    page = visit()
    expect(page.locator("#view-table")).to_be_visible()
    held = []
    page.route("**/models/digits", lambda route: held.append(route))
    page.locator("#model").select_option("digits")
    page.locator("#model").select_option("nltcs")
    expect(page).to_have_title(re.compile("^nltcs"))
    assert len(held) == 1
    with page.expect_response("**/models/digits"):
        held[0].fallback()
    page.get_by_role("link", name="One row").click()
    expect(page.locator("#about")).to_contain_text("nltcs")


def test_waits_for_a_model(visit, start, models, tmp_path, check):
    server = start(tmp_path, "--watch-models", "true")
    page = visit(at=server)
    expect(page.get_by_role("heading", name="No model is ready")).to_be_visible()
    check(page, "no-model")
    moved = tmp_path / "coming"
    moved.write_bytes((models / "orders.safetensors").read_bytes())
    moved.rename(tmp_path / "orders.safetensors")
    expect(page.locator("#view-table")).to_be_visible()


# Keys


@pytest.fixture
def keyed(made, start, models, tmp_path):
    made_key = subprocess.run([made, "key", "alice", "score"], check=True, capture_output=True, text=True)
    (tmp_path / "keys.txt").write_text(made_key.stdout)
    return start(models / "orders.safetensors", "--api-keys-file", tmp_path / "keys.txt"), made_key.stderr.split()[-1]


def test_asks_for_a_key(visit, keyed, check):
    server, key = keyed
    page = visit(at=server, expected=["401"])
    dialog = page.get_by_role("dialog", name="This service asks for an API key")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_label("API key")).to_be_focused()
    check(page, "key")
    dialog.get_by_label("API key").fill("wrong")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("does not accept that key")
    check(page, "key-refused")
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="An API key is needed")).to_be_visible()
    check(page, "key-missing")
    page.get_by_role("button", name="Enter an API key").click()
    dialog.get_by_label("API key").fill(key)
    dialog.get_by_role("button", name="Use this key").click()
    expect(page.locator("#view-table")).to_be_visible()
    paste(page, spoiled(100))
    settled(page)
    page.reload()
    expect(page.locator("#view-table")).to_be_visible()
    expect(dialog).to_be_hidden()


# A server that goes away


def test_waits_for_a_server_that_goes_away(visit, start, models, check):
    port = free_port()
    server = start(models / "orders.safetensors", port=port)
    page = visit(at=server, expected=["ERR_CONNECTION_REFUSED", "ERR_"])
    paste(page, spoiled(100))
    settled(page)
    server.stop()
    page.get_by_label("Rank by").select_option("likelihood")
    banner = page.get_by_role("alert").filter(has_text="The server does not answer")
    expect(banner).to_be_visible()
    check(page, "away")
    start(models / "orders.safetensors", port=port)
    expect(banner).to_be_hidden()
    settled(page)
    expect(page.locator("#count")).to_contain_text("100 rows,")
    assert ranked(page)[0] == 51


def test_waits_for_a_server_that_is_busy(visit, check):
    page = visit(expected=["503"])
    refusals = []

    def refuse(route):
        refusals.append(route)
        if len(refusals) > 2:
            return route.fallback()
        return route.fulfill(status=503, headers={"Retry-After": "1"}, json={"detail": "the queue is full"})

    page.route("**/score?*", refuse)
    paste(page, spoiled(100))
    expect(page.get_by_role("alert").filter(has_text="The server is busy")).to_be_visible()
    settled(page)
    expect(page.locator("#away")).to_be_hidden()
    assert ranked(page)[0] == 51


def test_says_what_the_server_refuses_in_the_middle(visit, check):
    page = visit(expected=["500"])
    asked = []
    page.route(
        "**/score?*",
        lambda route: asked.append(route)
        or (
            route.fallback()
            if len(asked) == 1
            else route.fulfill(status=500, json={"detail": "a fault of the service"})
        ),
    )
    paste(page, spoiled(3000))
    expect(page.locator("#table-error")).to_have_text("a fault of the service")
    expect(page.locator("#count")).to_contain_text("then stopped")
    check(page, "fault")


# Keyboard, names, colours, sizes


def test_is_used_by_keyboard_alone(visit):
    page = visit()
    expect(page.locator("#view-table")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Rows to paste, as CSV")).to_be_focused()
    page.keyboard.insert_text("\n".join(spoiled(100)))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    settled(page)
    for _ in range(40):
        if page.evaluate("document.activeElement.getAttribute('aria-label') || ''").startswith(
            "Accept the repair of row 51"
        ):
            break
        page.keyboard.press("Tab")
    else:
        raise AssertionError("Tab does not reach the repair of row 51")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Undo the repair of row 51")).to_be_focused()
    page.keyboard.press("Enter")
    expect(row(page, 51).locator("td.changed")).to_have_count(0)


def test_every_control_has_a_name(visit):
    page = visit()
    paste(page, spoiled(100))
    settled(page)
    for view in ["table", "row", "samples", "drift", "models"]:
        page.goto(page.url.split("#")[0] + "#" + view)
        expect(page.locator(f"#view-{view}")).to_be_visible()
        if view == "row":
            expect(page.locator("#gains li").first).to_be_visible()
        tree = page.locator("body").aria_snapshot()
        nameless = re.findall(
            r"^\s*- (?:button|link|textbox|combobox|slider|spinbutton|img|table|region|progressbar|searchbox)(?::.*)?$",
            tree,
            re.M,
        )
        assert not [line for line in nameless if not re.match(r"\s*- table", line)], (view, nameless)
        assert "- heading" in tree and "- main" in tree and '- navigation "Views"' in tree


def tour(page, check, name):
    paste(page, spoiled(200))
    settled(page)
    check(page, f"{name}-table")
    page.get_by_role("button", name="Open row 51", exact=True).click()
    expect(page.locator("#conditional-part")).to_be_visible()
    check(page, f"{name}-row")
    for view in ["samples", "drift", "models"]:
        page.get_by_role("link", name=view.capitalize()).click()
        expect(
            page.locator(
                {"samples": "#sample-rows tbody tr", "drift": "#drift-figures dt", "models": "#models-table tbody tr"}[
                    view
                ]
            ).first
        ).to_be_visible()
        check(page, f"{name}-{view}")


def test_is_dark_where_that_is_wanted(visit, check):
    page = visit(color_scheme="dark")
    tour(page, check, "dark")
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(map(int, re.findall(r"\d+", colour))) < 60


def test_keeps_to_forced_colours(visit, check):
    page = visit(forced_colors="active")
    tour(page, check, "forced")
    page.get_by_role("link", name="Table").click()
    settled(page)
    system = page.evaluate("""() => { const probe = document.body.appendChild(document.createElement("p"));
      const of = name => { probe.style.color = name; return getComputedStyle(probe).color; };
      const found = ["Highlight", "GrayText", "CanvasText"].map(of); probe.remove(); return found; }""")
    assert page.locator("#histogram .bar.flagged").first.evaluate("bar => getComputedStyle(bar).fill") == system[0]
    assert (
        page.locator("#histogram .bar:not(.flagged)").first.evaluate("bar => getComputedStyle(bar).fill") == system[1]
    )
    # A mark of its own besides colour.
    odd, plain = (
        page.locator(f"#ranking-rows td{kind}").first.evaluate("cell => getComputedStyle(cell).outlineStyle")
        for kind in [".odd", ":not(.odd)"]
    )
    assert odd == "solid" and plain == "none"


def test_fits_a_phone(visit, check):
    page = visit(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    tour(page, check, "phone")


def test_fits_a_wide_screen(visit, check):
    page = visit(viewport={"width": 2200, "height": 1200})
    tour(page, check, "broad")


# The API


def test_documents_the_api(visit, server, check):
    page = visit("/docs")
    document = server.ask("/openapi.json")
    count = sum(method in item for item in document["paths"].values() for method in ["get", "post", "put", "delete"])
    expect(page.locator(".operation")).to_have_count(count)
    check(page, "docs")
    page.get_by_label("Find a route or a field").fill("changes_max")
    expect(page.locator("#found")).to_have_text("2 routes")
    page.get_by_label("Find a route or a field").fill("")
    operation = page.locator("#post_models_model_score")
    operation.locator("> summary").click()
    expect(operation.get_by_role("cell", name="list of any")).to_be_visible()
    operation.get_by_label("model", exact=True).fill("nltcs")
    operation.get_by_role("button", name="Send").click()
    expect(operation.get_by_role("status")).to_have_text("200 OK")
    expect(operation.get_by_label("Answer", exact=True)).to_contain_text("log_likelihood")
    check(page, "docs-tried")
    page.get_by_role("link", name="Workbench").click()
    expect(page.locator("#view-table")).to_be_visible()
    page.get_by_role("link", name="API").first.click()
    expect(page.locator(".operation").first).to_be_visible()


def test_documents_the_api_on_a_phone(visit, check):
    page = visit("/docs", viewport={"width": 360, "height": 740}, color_scheme="dark")
    page.locator("#post_score > summary").click()
    check(page, "docs-phone")


def test_is_one_document(server):
    """As the service sends it: nothing to fetch, and a policy that names what is in it."""
    for path in ["/", "/docs"]:
        with urllib.request.urlopen(server.url + path) as reply:
            text, policy = reply.read().decode(), reply.headers["Content-Security-Policy"]
        assert "<script src" not in text and '<link rel="stylesheet"' not in text
        assert policy.count("'sha256-") == text.count("<script>") + text.count("<style>") and "unsafe" not in policy
