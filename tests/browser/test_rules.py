"""A rule written on its page: it applies to the stored calls, and its words can be listened to."""

import pytest
from playwright.sync_api import expect

from tests.browser.axe import grave_findings

APPLIED_WITHIN_MS = 60_000


@pytest.mark.parametrize("width", [1440])
def test_a_written_rule_is_found_in_the_demo_calls(stocked_server, billing_call, open_page, width):
    page = open_page(f"{stocked_server}/rules", width=width)
    page.get_by_role("button", name="New rule").click()
    page.get_by_role("textbox", name="Name").fill("Talks about the bill")
    page.get_by_role("textbox", name="Phrases, one per line").fill("(bill|bills|billing|charge*)")
    page.get_by_role("button", name="Try out").first.click()
    expect(page.get_by_text("nothing is saved yet")).to_be_visible()
    expect(page.get_by_text("Would apply to")).to_be_visible()
    assert grave_findings(page) == []

    page.get_by_role("button", name="Save").first.click()
    listed = page.locator(".st-key-rule_calls_talks_about_the_bill button").first
    expect(listed).to_be_visible()
    expect(page.get_by_text("Rules were applied to")).to_be_visible(timeout=APPLIED_WITHIN_MS)
    expect(listed).to_be_enabled()
    named = page.get_by_role("button", name="Open Talks about the bill", exact=False)
    expect(named.first).to_be_visible()
    # The framework's own toasts have no name.
    expect(page.get_by_test_id("stToast")).to_have_count(0)
    assert grave_findings(page) == []

    page.goto(f"{stocked_server}/call?call={billing_call}")
    expect(page.locator("[data-line]").first).to_be_visible()
    # The lines that it rests on are marked beside the text.
    expect(page.locator(".tag.found").filter(has_text="Talks about the bill").first).to_be_visible()
    panel = page.locator(".st-key-categories")
    panel.get_by_role("radio", name="Talks about the bill").or_(
        panel.get_by_role("button", name="Talks about the bill")
    ).first.click()
    expect(panel.get_by_text("because:")).to_contain_text("Talks about the bill")
    panel.get_by_role("button", name="0:").or_(panel.get_by_role("button", name="1:")).first.click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    assert grave_findings(page) == []
