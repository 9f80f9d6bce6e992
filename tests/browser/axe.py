"""What axe finds on a page that keeps people from using it."""

from axe_playwright_python.sync_playwright import Axe

GRAVE = {"serious", "critical"}
# What is drawn anew is faint for a moment, and fades back in.
STANDS_STILL = "() => !document.querySelector('[data-stale=true], [data-testid=stStatusWidget]')"
FADING_MS = 700


def wait_until_still(page):
    """Wait until nothing on the page is being drawn anew."""
    page.wait_for_function(STANDS_STILL)
    page.wait_for_timeout(FADING_MS)


def grave_findings(page, *, colours_only=False):
    """Return serious findings, each with the elements and why, once the page stands still.

    ``colours_only`` is for a page that has been looked at in another theme: nothing else changes.
    """
    wait_until_still(page)
    options = {"resultTypes": ["violations"]}
    if colours_only:
        options["runOnly"] = ["color-contrast"]
    return [
        (
            violation["id"],
            [(n["target"], n["html"][:200], n["failureSummary"][-300:]) for n in nodes],
        )
        for violation in Axe().run(page, options=options).response["violations"]
        if violation["impact"] in GRAVE and (nodes := violation["nodes"])
    ]
