/** What the page of a layout has beside every page. */
export const INSPECT_STYLE = `
h1 em { white-space: nowrap; font-size: 0.55em; letter-spacing: 0; }
.map { cursor: crosshair; touch-action: pan-y; border-radius: 6px; }
.map text { fill: var(--ink); }
.map .axes text { fill: var(--soft); }
.map .name { font-weight: 600; }
.head text { fill: var(--soft) !important; }
.head .name { fill: var(--ink); }
.head rect, .band rect { fill: var(--mark); }
.band.hot text { font-weight: 700; }
.band.hot rect { filter: brightness(1.12); }
.cursor { fill: none; stroke: var(--ink); stroke-width: 2; pointer-events: none; }
#tip { max-width: min(92vw, 460px); overflow-wrap: anywhere; }
tbody th { overflow-wrap: anywhere; }
tbody th i { display: inline-block; width: 10px; height: 10px; border-radius: 2px; background: var(--mark); margin-right: 9px; }
td.text { text-align: left; }
td.value { text-align: left; max-width: 22ch; overflow: hidden; text-overflow: ellipsis; }
td small { color: var(--soft); }
details { margin-top: 14px; }
summary { cursor: pointer; padding: 6px 0; font-weight: 600; }
summary small { font-weight: 400; color: var(--soft); }
dl.keys { margin: 6px 0 14px; font-size: 0.9rem; }
dl.keys dt { color: var(--soft); }
dl.keys dd { margin: 0 0 6px; overflow-wrap: anywhere; font-family: ui-monospace, Menlo, Consolas, monospace; }
body:has(#view-bytes:checked) .map:not(.view-bytes),
body:has(#view-equal:checked) .map:not(.view-equal) { display: none; }
`
