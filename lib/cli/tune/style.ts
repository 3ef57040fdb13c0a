/** What the page of trials has beside every page: advice, points, choices. */
export const TUNE_STYLE = `
.verdict { margin-top: 20px; }
.code { display: flex; align-items: center; gap: 12px; margin-top: 14px; padding: 10px 10px 10px 18px; background: var(--card); border: 1px solid var(--line); border-radius: 14px; }
.code code { flex: 1; overflow-x: auto; white-space: nowrap; font: 0.92rem/1.6 ui-monospace, Menlo, Consolas, monospace; }
.beaten { fill: var(--beaten); }
.front { fill: none; stroke: var(--soft); stroke-width: 1.2; stroke-dasharray: 2 4; }
.stored line { stroke: var(--soft); stroke-dasharray: 7 5; }
.stored text { fill: var(--soft); }
.levels { fill: none; stroke: var(--mark); stroke-width: 2; opacity: 0.35; }
.shape { fill: var(--mark); stroke: var(--card); stroke-width: 1; }
.point { cursor: pointer; outline: none; }
.spread { stroke: var(--mark); stroke-width: 2; opacity: 0.5; }
.reach { fill: transparent; }
.halo { fill: none; stroke: none; stroke-width: 2.5; }
.point.hot .halo, .point:focus-visible .halo { stroke: var(--ink); }
tbody th svg { vertical-align: -3px; margin-right: 9px; }
td small { display: inline-block; min-width: 11.5ch; margin-left: 6px; color: var(--soft); }
.tag { margin-left: 6px; padding: 1px 8px; border-radius: 9px; border: 1px solid var(--line); color: var(--soft); }
body:has(#goal-size:checked) .verdict:not(.for-size),
body:has(#goal-balanced:checked) .verdict:not(.for-balanced),
body:has(#goal-speed:checked) .verdict:not(.for-speed),
body:has(#view-roundTrip:checked) .chart:not(.view-roundTrip),
body:has(#view-write:checked) .chart:not(.view-write),
body:has(#view-read:checked) .chart:not(.view-read) { display: none; }
body:has(#goal-size:checked) .point.pick-size .halo,
body:has(#goal-balanced:checked) .point.pick-balanced .halo,
body:has(#goal-speed:checked) .point.pick-speed .halo { stroke: var(--pick); }
body:has(#goal-size:checked) tr.pick-size th,
body:has(#goal-balanced:checked) tr.pick-balanced th,
body:has(#goal-speed:checked) tr.pick-speed th { box-shadow: inset 4px 0 var(--pick); font-weight: 700; }
`
