/** How pages look; `light-dark()` follows the system, or the button of the page. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --paper: light-dark(#fbfaf8, #13161b);
  --card: light-dark(#fff, #1a1e25);
  --ink: light-dark(#1c2128, #e8eaee);
  --soft: light-dark(#5b6470, #9aa4b2);
  --line: light-dark(#e4e1db, #2b313b);
  --beaten: light-dark(#8a7f6d14, #9fb0cc12);
  --bar: light-dark(#2f6fde1f, #7db0ff2b);
  --pick: light-dark(#b7791f, #f0c05a);
  --a: light-dark(#2463c9, #7db0ff);
  --b: light-dark(#c2530a, #ffa35c);
  --c: light-dark(#0b7d62, #4fd6b0);
  --d: light-dark(#7c3fc4, #c79bff);
  --e: light-dark(#b3306b, #ff8fbd);
  font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif;
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font-variant-numeric: tabular-nums; }
main { max-width: 1040px; margin: 0 auto; padding: 28px 20px 56px; }
header { display: flex; align-items: baseline; gap: 16px; margin-bottom: 20px; }
.what { margin: 0; flex: 1; min-width: 0; color: var(--soft); overflow-wrap: anywhere; }
.what span { color: var(--ink); font-weight: 600; margin-left: 6px; }
section { margin-top: 36px; }
h2 { font-size: 1.15rem; margin: 0 0 12px; }
button { font: inherit; color: inherit; background: none; border: 1px solid var(--line); border-radius: 8px; padding: 3px 12px; cursor: pointer; }
button:hover { border-color: var(--soft); }
:focus-visible { outline: 2px solid var(--a); outline-offset: 2px; }
.choice { display: inline-flex; border: 1px solid var(--line); border-radius: 10px; padding: 3px; margin: 0; background: var(--card); }
.choice legend { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.choice label { padding: 4px 14px; border-radius: 7px; color: var(--soft); cursor: pointer; }
.choice label:hover { color: var(--ink); }
.choice label:has(:checked) { background: var(--ink); color: var(--paper); }
.choice label:has(:focus-visible) { outline: 2px solid var(--a); outline-offset: 2px; }
.choice input { position: absolute; opacity: 0; pointer-events: none; }
h1 { font-size: clamp(2.2rem, 7vw, 3.6rem); line-height: 1.1; letter-spacing: -0.02em; margin: 0; }
h1 em { font-style: normal; color: var(--soft); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(220px, 1fr)); gap: 14px; margin: 0; }
.tiles > div { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 14px 18px; }
.tiles dt { color: var(--soft); font-size: 0.85rem; }
.tiles dd { margin: 0; }
.tiles b { font-size: 1.9rem; line-height: 1.3; letter-spacing: -0.01em; }
.tiles .than { color: var(--soft); font-size: 0.88rem; }
.meter { height: 6px; border-radius: 3px; background: var(--line); overflow: hidden; margin: 4px 0 6px !important; }
.meter i { display: block; height: 100%; width: calc(100% * var(--share)); background: var(--a); }
.title { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 10px; margin-bottom: 12px; }
.title h2 { margin: 0; }
figure { margin: 0; padding: 14px; background: var(--card); border: 1px solid var(--line); border-radius: 14px; }
figcaption p { color: var(--soft); font-size: 0.88rem; margin: 8px 0 0; max-width: 85ch; }
.wide { overflow-x: auto; }
.chart { display: block; width: 100%; min-width: 620px; height: auto; font-size: 12px; }
.axes line { stroke: var(--line); }
.axes text { fill: var(--soft); }
.axes .name { font-weight: 600; }
.reason { font-size: 1.1rem; max-width: 62ch; margin: 10px 0 22px; }
.label { fill: var(--ink); paint-order: stroke; stroke: var(--card); stroke-width: 3px; pointer-events: none; }
.layout-a { --mark: var(--a); } .layout-b { --mark: var(--b); } .layout-c { --mark: var(--c); }
.layout-d { --mark: var(--d); } .layout-e { --mark: var(--e); } .layout-none { --mark: var(--soft); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; list-style: none; margin: 10px 0 0; padding: 0; font-size: 0.9rem; }
.legend li { display: flex; align-items: center; gap: 6px; }
#tip { position: fixed; z-index: 1; pointer-events: none; white-space: pre-line; background: var(--ink); color: var(--paper); border-radius: 9px; padding: 7px 12px; font-size: 0.86rem; line-height: 1.45; box-shadow: 0 4px 16px #0004; }
#tip::first-line { font-weight: 700; }
table { border-collapse: collapse; width: 100%; background: var(--card); border: 1px solid var(--line); border-radius: 14px; font-size: 0.94rem; }
th, td { padding: 7px 14px; text-align: right; white-space: nowrap; border-top: 1px solid var(--line); }
thead th { border-top: 0; padding: 6px 4px; }
thead button { border: 0; padding: 3px 10px; color: var(--soft); font-weight: 600; }
thead button:hover { color: var(--ink); }
thead button::after { content: '↕'; margin-left: 5px; opacity: 0.4; }
[aria-sort=ascending] button::after { content: '↑'; opacity: 1; }
[aria-sort=descending] button::after { content: '↓'; opacity: 1; }
[aria-sort=ascending] button, [aria-sort=descending] button { color: var(--ink); }
th[data-kind=text] { text-align: left; }
th:first-child { text-align: left; font-weight: 500; }
tbody td { background: linear-gradient(var(--bar), var(--bar)) left / calc(100% * var(--share)) 100% no-repeat; }
tbody tr.hot > * { background-color: var(--beaten); }
tfoot { color: var(--soft); }
.method ul { margin: 0; padding-left: 1.2em; color: var(--soft); font-size: 0.94rem; max-width: 85ch; }
.method li { margin: 5px 0; overflow-wrap: anywhere; }
@media (max-width: 560px) { main { padding: 20px 14px 40px; } th, td { padding: 6px 9px; } }
@media print { .choice, button { display: none; } }
`
