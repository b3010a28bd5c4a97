/// The page at /, in one piece: nothing is fetched from anywhere else.
enum WebPage {
    /// Only what the page itself holds may run, and it may talk to this server alone.
    static let contentPolicy =
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    static let bytes = Array(
        """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>made: how likely is this row?</title>
        <link rel="icon" href="data:,">
        <style>\(style)</style>
        \(content)
        <script>\(script)</script>
        </html>

        """.utf8)

    private static let style = """
        :root { color-scheme: light dark; --ink: #1c1c1c; --paper: #fcfcfb; --soft: #6a6a6a; --line: #d8d8d4;
          --on: #20476b; --odd: #c2410c; --good: #2f6f3e; --box: #f2f2ef; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6e6e3; --paper: #161616; --soft: #9b9b97;
          --line: #3a3a38; --on: #8fbde6; --odd: #f59e61; --good: #86c796; --box: #222221; } }
        body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
          max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
        h1 { font-size: 1.5rem; margin-bottom: .2rem; } h2 { font-size: 1.05rem; margin: 1.6rem 0 .4rem; }
        p { margin: .4rem 0; } .soft { color: var(--soft); font-size: .9rem; } a { color: inherit; }
        button, select { font: inherit; color: inherit; background: var(--box); border: 1px solid var(--line);
          border-radius: 6px; padding: .25rem .7rem; cursor: pointer; }
        #row { display: flex; flex-wrap: wrap; gap: 4px; margin: .6rem 0; }
        #row.picture { display: grid; gap: 2px; width: max-content; max-width: 100%; }
        #row button { padding: .1rem .45rem; border-radius: 4px; font-size: .85rem; }
        #row.small button { padding: 0; width: 1.1rem; height: 1.1rem; font-size: 0; }
        #row.picture button { padding: 0; aspect-ratio: 1; width: min(1.5rem, 3vw); border-radius: 2px; font-size: 0; }
        #row button[aria-pressed=true] { background: var(--on); color: var(--paper); border-color: var(--on); }
        #row .odd { outline: 3px solid var(--odd); outline-offset: -1px; }
        #row.fields { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: .6rem; }
        #row.fields label { display: flex; flex-direction: column; border-radius: 6px; padding: .2rem .3rem; min-width: 0; }
        #row.fields span { font-size: .85rem; color: var(--soft); overflow-wrap: anywhere; }
        #row.fields input, #row.fields select { font: inherit; color: inherit; background: var(--box); width: 100%;
          box-sizing: border-box; border: 1px solid var(--line); border-radius: 6px; padding: .25rem .5rem; }
        #verdict { font-size: 1.15rem; font-weight: 600; } .odd-text { color: var(--odd); } .good-text { color: var(--good); }
        pre { background: var(--box); border: 1px solid var(--line); border-radius: 6px; padding: .6rem; overflow-x: auto;
          white-space: pre-wrap; word-break: break-all; font-size: .85rem; max-height: 14rem; }
        table { border-collapse: collapse; } td { padding: .1rem 1rem .1rem 0; }
        """

    private static let content = """
        <h1>How likely is this row?</h1>
        <p>This server holds a model that has learned what the rows of a table usually look like. Give it a row, and it says
        how probable that row is, whether it is an anomaly, and which of its values are to blame.</p>
        <p id="choice" hidden><label>Model <select id="model"></select></label></p>
        <p class="soft" id="about">Loading…</p>

        <h2>The row</h2>
        <p class="soft" id="hint"></p>
        <div id="row"></div>
        <p><button id="draw">Draw a usual row</button> <button id="flip">Spoil a few values</button>
        <button id="clear">All zeros</button></p>

        <h2>The answer</h2>
        <p id="verdict" aria-live="polite"></p>
        <table id="figures"></table>

        <h2>The same from a terminal</h2>
        <pre id="curl"></pre>
        <p><button id="copy">Copy</button></p>
        <h2>More</h2>
        <p class="soft"><a id="card" href="models">model card</a> · <a id="drift" href="drift">drift</a> ·
        <a href="models">models</a> · <a href="health">health</a> · <a href="metrics">metrics</a> · <a href="sample?n=5">five drawn rows</a></p>
        """
}
