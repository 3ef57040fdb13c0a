/** Pieces of Markdown. */

/** A paragraph in lines of at most 100 columns. */
export function wrap(...sentences) {
  const lines = ['']
  for (const word of sentences.join(' ').split(' ')) {
    const line = lines.at(-1)
    if (line !== '' && line.length + word.length >= 100) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines
}

/** The same as an item of a list. */
export function item(...sentences) {
  const lines = wrap(...sentences)
  return lines.map((line, index) => (index === 0 ? `* ${line}` : `  ${line}`))
}

/** A table; every column but the first to the right. */
export function table(titles, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  const rule = `|---|${'---:|'.repeat(titles.length - 1)}`
  return [line(titles), rule, ...rows.map(line)]
}
