"""What a page costs while it loads: the bytes that come over the network, and what moves on the screen.

`book/test_load.py` measures the book's pages, and shows each measure a page that costs too much.
"""

PHONE = {"width": 375, "height": 800}
PATIENCE = 120_000  # ms for a page to load on a busy machine; what is measured is bytes and shifts, not seconds

# Before anything else of the page runs: note everything that moves without the reader's doing.
NOTE_SHIFTS = """
window.noted = [];
new PerformanceObserver(list => {
  for (const entry of list.getEntries())
    if (!entry.hadRecentInput) window.noted.push([entry.value, entry.sources.map(s => s.node?.nodeName).join(" ")]);
}).observe({type: "layout-shift", buffered: true});
"""
SLOW = {"offline": False, "latency": 100, "downloadThroughput": 250_000, "uploadThroughput": 90_000}


def transferred(browser, address):
    """Return the bytes of the first load, head and body of each answer, by the address of what came."""
    context = browser.new_context(viewport=PHONE, reduced_motion="reduce")
    page, asked, came = context.new_page(), {}, {}
    network = context.new_cdp_session(page)
    network.send("Network.enable")

    def ask(event):
        if event["request"]["url"].startswith("http"):  # no data: and blob: addresses
            asked[event["requestId"]] = event["request"]["url"]

    def come(event):
        if event["requestId"] in asked:
            came[asked[event["requestId"]]] = event["encodedDataLength"]

    network.on("Network.requestWillBeSent", ask)
    network.on("Network.loadingFinished", come)
    page.goto(address, wait_until="load", timeout=PATIENCE)
    wait_for_last(page)
    context.close()
    return came


def shift(browser, address):
    """Return how much a page's layout shifts while it comes over a slow network, and what moved."""
    context = browser.new_context(viewport=PHONE, reduced_motion="reduce")
    page = context.new_page()
    page.add_init_script(NOTE_SHIFTS)
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", SLOW)
    page.goto(address, wait_until="load", timeout=PATIENCE)
    wait_for_last(page)
    noted = page.evaluate("window.noted")
    context.close()
    return sum(value for value, _ in noted), [nodes for _, nodes in noted]


def wait_for_last(page):
    """Wait until the page has asked for nothing new for half a second."""
    page.evaluate(
        """async () => {
             await document.fonts.ready;
             const asked = () => performance.getEntriesByType("resource").length;
             for (let before = -1; asked() !== before;) {
               before = asked();
               await new Promise(done => setTimeout(done, 500));
             }
           }"""
    )
