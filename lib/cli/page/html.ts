/** Markup whose texts are escaped; made by {@link html} alone. */
export class Markup {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

export type Content = Markup | string | number | readonly Content[]

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** A template of markup: what is put into it is text, unless it is markup itself. */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  const texts = parts.map((part, index) => part + textOf(values[index] ?? ''))
  return new Markup(texts.join(''))
}

/** As content of a script element of data, out of which no text can break. */
export function embeddedJson(text: string): Markup {
  return new Markup(text.replaceAll('<', '\\u003c'))
}

function textOf(content: Content): string {
  if (content instanceof Markup) return content.text
  if (typeof content === 'object') return content.map(textOf).join('')
  return String(content).replace(/[&<>"']/g, (character) => ESCAPES[character]!)
}
