"""The search finds symbols, authors and terms, on a server and from a file, and puts the right page near the top."""

from urllib.parse import quote

import look_up
import pytest

from rendered import HTML

NOTATION, GLOSSARY, BIBLIOGRAPHY = (
    "book/notation.html",
    "book/glossary.html",
    "book/bibliography.html",
)
BPTT, UNFOLDING = "lectures/06-bptt.html", "lectures/04-unfolding.html"

# What is typed; where a link among the first three must lead; what stands there.
QUERIES = [
    ("Werbos", BIBLIOGRAPHY, "Werbos"),
    ("Pearlmutter", BIBLIOGRAPHY, "Pearlmutter"),
    ("Elman", BIBLIOGRAPHY, "Elman"),
    ("Elman", UNFOLDING, ""),
    ("delta", NOTATION, "pre-activation"),
    ("delta", GLOSSARY, "delta"),
    ("δ", NOTATION, "pre-activation"),
    ("W", NOTATION, "hidden to hidden"),
    ("U", NOTATION, "input to hidden"),
    ("h_t", NOTATION, "hidden state"),
    ("∂⁺", NOTATION, "backpropagation through time"),
    ("∂+", NOTATION, "backpropagation through time"),
    ("nabla", NOTATION, "gradient of the loss"),
    ("∇", NOTATION, "gradient of the loss"),
    ("y_hat", NOTATION, "predicted probabilities"),
    ("ŷ", NOTATION, "predicted probabilities"),
    ("rho", NOTATION, "spectral radius"),
    ("⊙", NOTATION, "element by element"),
    ("truncated", BPTT, ""),
    ("truncated backpropagation", GLOSSARY, "truncated"),
    ("LSTM", GLOSSARY, "LSTM"),
    ("BPTT", GLOSSARY, "BPTT"),
    ("teacher forcing", GLOSSARY, "teacher forcing"),
    ("sunspots", UNFOLDING, ""),
    ("E0.6", "book/errata.html", "E0.6"),
]


def search(page, folder, query):
    """The links of the first three results."""
    page.goto(f"{folder}search.html?q={quote(query)}")
    page.wait_for_function(
        "document.querySelector('#search-results h2')?.innerText == 'Search Results'"
    )
    return page.eval_on_selector_all(
        "#search-results li > a",
        "links => links.slice(0, 3).map(link => link.getAttribute('href'))",
    )


IN_A_FILE = ["Pearlmutter", "δ", "W", "∂⁺", "truncated", "LSTM"]
CASES = [("server", *case) for case in QUERIES]
CASES += [("file", *case) for case in QUERIES if case[0] in IN_A_FILE]


@pytest.fixture(scope="module")
def pages(site, browser):
    """For the site on its server and in its files: (a page, the site's address, exceptions on the page)."""
    found = {}
    for place, folder in {"server": site, "file": HTML.as_uri() + "/"}.items():
        page, exceptions = browser.new_page(), []
        page.on("pageerror", lambda error, seen=exceptions: seen.append(str(error)))
        found[place] = page, folder, exceptions
    yield found
    for page, _, _ in found.values():
        page.close()


@pytest.mark.parametrize(("place", "query", "target", "said"), CASES)
def test_query_leads_to_its_page(place, query, target, said, pages):
    page, folder, exceptions = pages[place]
    found = search(page, folder, query)
    assert exceptions == []
    link = next((link for link in found if link.split("#")[0] == target), None)
    assert link, f"{query} leads to {found}"
    if said:
        page.goto(folder + link)
        anchor = page.locator(f"[id='{link.split('#')[1]}']")
        # an empty anchor stands for what follows it
        text = anchor.evaluate("e => (e.textContent.trim() ? e : e.parentElement).textContent")
        assert said in text


def test_a_result_quotes_a_definition_and_draws_formulas_once(pages):
    page, folder, _ = pages["server"]
    search(page, folder, "delta")
    term = page.locator("#search-results li", has=page.locator("a[href$='#term-delta']"))
    term.locator("p").wait_for()
    assert "the gradient with respect to the pre-activation" in term.inner_text()
    assert "\\delta" not in term.inner_text()


def test_an_author_is_not_found_in_the_midst_of_a_word(pages):
    page, folder, _ = pages["file"]
    page.goto(f"{folder}search.html?q=Elman")
    page.wait_for_function(
        "document.querySelector('#search-results h2')?.innerText == 'Search Results'"
    )
    assert "Siegelmann" not in page.locator("#search-results").inner_text()


# --- names of symbols ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("latex", "names"),
    [
        (r"\delta_t", ["delta_t", "δ_t"]),
        (r"\hat y_t", ["y_hat_t", "ŷ_t"]),
        (r"\tilde h_t", ["h_tilde_t", "h̃_t"]),
        (r"\nabla_v L", ["nabla_vL", "∇_vL"]),
        (r"\sigma_{\max}(W)", ["sigma_max", "σ_max"]),
        (r"\mathbf e_k", ["e_k"]),
        (r"\Lambda", ["Lambda", "Λ"]),
        (r"W", ["W"]),
    ],
)
def test_symbol_names(latex, names):
    assert look_up.symbol_names(latex) == names


@pytest.mark.parametrize(
    ("name", "base"),
    [("delta_t", "delta"), ("y_hat_t", "y_hat"), ("ŷ_t", "ŷ"), ("W", "W"), ("M^2", "M")],
)
def test_base_of_a_name(name, base):
    assert look_up._base(name) == base
