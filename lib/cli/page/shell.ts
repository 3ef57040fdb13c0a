import { embeddedJson, html, Markup } from './html.js'
import { PAGE_SCRIPT } from './script.js'
import { PAGE_STYLE } from './style.js'

/** Nothing is loaded: not even by a mistake in here. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"

/** What is in a page. */
export interface PageParts {
  title: string
  /** The command that made it, and of what. */
  command: string
  of: string
  main: Markup
  /** Behind what every page has. */
  style: string
  script: string
  /** JSON for the script, as the element of the id `result`. */
  data: string
}

/** A whole page that needs nothing else. */
export function pageOf({ title, command, of, main, style, script, data }: PageParts): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${title}</title>
<style>${new Markup(PAGE_STYLE)}${new Markup(style)}</style>
</head>
<body>
<main>
<header>
<p class="what">${command} <span>${of}</span></p>
<button type="button" id="theme" hidden>Dark or light</button>
</header>
${main}
</main>
<div id="tip" role="status" hidden></div>
<script type="application/json" id="result">${embeddedJson(data)}</script>
<script>${new Markup(PAGE_SCRIPT)}${new Markup(script)}</script>
</body>
</html>
`
  return page.text
}

/** One of several choices, which style sheets look at. */
export function radio(
  name: string,
  value: string,
  { title, hint, checked }: { title: string; hint: string; checked: boolean },
): Markup {
  const state = new Markup(checked ? ' checked' : '')
  return html`<label title="${hint}"><input type="radio" name="${name}" value="${value}" id="${name}-${value}"${state}>${title}</label>`
}

/** The head of a column of a table that can be sorted. */
export function sortHead(column: {
  title: string
  hint: string
  /** Where the first click begins. */
  better: 'less' | 'more'
  kind: 'text' | 'number'
  sort?: 'none' | 'ascending' | 'descending'
}): Markup {
  const { title, hint, better, kind, sort = 'none' } = column
  return html`<th scope="col" aria-sort="${sort}" data-better="${better}" data-kind="${kind}"><button type="button" title="${hint}">${title}</button></th>
`
}
