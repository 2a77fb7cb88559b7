/** The one style sheet, inside each page: nothing else is to be fetched. Light and dark by the reader's own setting. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --line: #e4e7ec; --text: #16191f; --dim: #5d6675; --link: #4338ca;
  --active: #4f46e5; --waiting: #64748b; --delayed: #b45309; --done: #15803d; --failed: #b91c1c;
  --active-bg: #eef2ff; --waiting-bg: #eef1f5; --delayed-bg: #fef3c7; --done-bg: #dcfce7; --failed-bg: #fee2e2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e1116; --card: #171b22; --line: #272d37; --text: #e8ebf0; --dim: #97a1b0; --link: #a5b4fc;
    --active: #a5b4fc; --waiting: #a3afc0; --delayed: #fbbf24; --done: #4ade80; --failed: #f87171;
    --active-bg: #262a52; --waiting-bg: #252b35; --delayed-bg: #3b2f12; --done-bg: #12351f; --failed-bg: #45191a;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text); overflow-wrap: anywhere;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
a:focus-visible { outline: 2px solid var(--active); outline-offset: 2px; border-radius: 4px; }
ul, ol { list-style: none; margin: 0; padding: 0; }
h2 { margin: 0 0 .6rem; font-size: .8rem; font-weight: 600; letter-spacing: .04em; text-transform: uppercase; color: var(--dim); }
.dim { color: var(--dim); font-size: .85rem; }
.empty { margin: 0; color: var(--dim); }

header {
  display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1.25rem; padding: .7rem 1.25rem;
  background: var(--card); border-bottom: 1px solid var(--line);
}
.brand { font-size: 1.15rem; font-weight: 700; color: var(--text); letter-spacing: -.01em; }
.brand:hover { text-decoration: none; }
nav { flex: 1; }
.pills { display: flex; flex-wrap: wrap; gap: .4rem; }
.pill { display: inline-flex; align-items: center; gap: .35rem; padding: .1rem .7rem .1rem .6rem; border-radius: 99px; font-size: .85rem; }
.pill::before { content: ""; display: inline-block; width: .5rem; height: .5rem; border-radius: 50%; background: currentColor; }
.pill b { font-weight: 600; }
.pill.good { background: var(--done-bg); color: var(--done); }
.pill.bad { background: var(--failed-bg); color: var(--failed); }
.pill span { color: var(--text); }
.trouble { flex-basis: 100%; margin: 0; font-size: .9rem; color: var(--failed); }

main { max-width: 76rem; margin: 0 auto; padding: 1.25rem; display: grid; gap: 1.25rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(6.5rem, 1fr)); gap: .75rem; }
.tile {
  display: flex; flex-direction: column; padding: .8rem 1rem; color: var(--text);
  background: var(--card); border: 1px solid var(--line); border-radius: 12px; border-top: 3px solid var(--tone);
}
.tile:hover { text-decoration: none; border-color: var(--tone); }
.tile .number { font-size: 1.9rem; line-height: 1.2; font-weight: 650; font-variant-numeric: tabular-nums; color: var(--tone); }
.tile .label { color: var(--dim); font-size: .9rem; }
.tile.none .number { color: var(--dim); opacity: .6; }
.active { --tone: var(--active); --tone-bg: var(--active-bg); }
.waiting { --tone: var(--waiting); --tone-bg: var(--waiting-bg); }
.delayed { --tone: var(--delayed); --tone-bg: var(--delayed-bg); }
.done { --tone: var(--done); --tone-bg: var(--done-bg); }
.failed { --tone: var(--failed); --tone-bg: var(--failed-bg); }

.columns { display: grid; grid-template-columns: minmax(0, 2fr) minmax(0, 1fr); gap: 1.25rem; align-items: start; }
.columns > div { display: grid; gap: 1.25rem; }
.columns section, .holds { padding: 1rem 1.15rem; background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
.holds { background: var(--delayed-bg); border-color: var(--delayed); }
.holds h2 { color: var(--delayed); text-transform: none; letter-spacing: 0; font-size: 1rem; margin-bottom: .2rem; }
.holds li { padding: .15rem 0; }
.holds .dim { display: block; }
.rows li { padding: .5rem 0; border-top: 1px solid var(--line); }
.rows li:first-child { border-top: 0; padding-top: 0; }
.rows li:last-child { padding-bottom: 0; }
.rows .dim { display: block; }
.dots { display: inline-flex; gap: .25rem; margin-left: .4rem; vertical-align: .05rem; }
.dots i { width: .6rem; height: .6rem; border-radius: 50%; border: 1.5px solid var(--active); }
.dots i.busy { background: var(--active); }
.chip {
  display: inline-block; padding: 0 .55rem; border-radius: 99px; font-size: .8rem; line-height: 1.5rem;
  color: var(--tone, var(--dim)); background: var(--tone-bg, var(--waiting-bg));
}
.events li {
  display: grid; grid-template-columns: 5.2rem minmax(0, 1fr) auto; gap: 0 .75rem; align-items: baseline;
  padding: .45rem 0; border-top: 1px solid var(--line);
}
.events li:first-child { border-top: 0; padding-top: 0; }
.events .chip { justify-self: start; }

.problem { max-width: 34rem; padding: 18vh 1.5rem 2rem; text-align: center; display: block; }
.problem .code { margin: 0; color: var(--dim); font-variant-numeric: tabular-nums; }
.problem h1 { margin: .2rem 0 .6rem; font-size: 1.6rem; }
.problem p { margin: 0; color: var(--dim); }

@media (max-width: 46rem) {
  header { padding: .7rem 1rem; }
  main { padding: 1rem; gap: 1rem; }
  .columns { grid-template-columns: minmax(0, 1fr); gap: 1rem; }
  .tiles { grid-template-columns: repeat(6, 1fr); gap: .6rem; }
  .tile { grid-column: span 2; padding: .6rem .8rem; }
  .tile:nth-child(-n + 2) { grid-column: span 3; }
  .events li { grid-template-columns: 5.2rem minmax(0, 1fr); }
  .events .dim { grid-column: 2; }
}
`;
